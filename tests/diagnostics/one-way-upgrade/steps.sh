platformc compile 2> first.txt
sed -i 's|8.0.40|8.4.9|; s|17.6-system|18.7-system|' platform.yaml
platformc compile
