platformc compile 2> first.txt
mkdir .platformc/stage # what a compile leaves behind that was killed
platformc compile --check
