"""Large platforms in pieces: none too large, and one model more moves no other."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from support.scenarios import compiled

from compiler.emit.manifests import manifests
from compiler.emit.shards import MOST_MODELS, MOST_OBJECTS, layout, objects, sharded
from compiler.model.fleet import Fleet
from compiler.model.package import Lowered

NAMES = st.sets(st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True), min_size=1, max_size=400)


def with_models(names: set[str]) -> Lowered:
    lowered_platform = compiled("many-models").lowered["prod"]
    model_package = lowered_platform.models["model-000"]
    return replace(
        lowered_platform, models=Fleet({name: replace(model_package, name=name) for name in names})
    )


def pieces(names: set[str]) -> dict[str, tuple[str, ...]]:
    actual = sharded(with_models(names).models)
    return {
        piece: tuple(package.name for package in piece_packages)
        for piece, piece_packages in actual.items()
    }


@given(names=NAMES)
@settings(max_examples=40)
def test_pieces_hold_every_model_once_and_not_too_many(names: set[str]) -> None:
    actual = pieces(names)
    assert sorted(name for piece_packages in actual.values() for name in piece_packages) == sorted(
        names
    )
    assert max(len(piece_packages) for piece_packages in actual.values()) <= MOST_MODELS


@given(names=NAMES, added=st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True))
@settings(max_examples=40)
def test_one_model_more_touches_one_piece(names: set[str], added: str) -> None:
    before, after = pieces(names), pieces({*names, added})
    touched = {
        piece for piece, piece_packages in before.items() if after.get(piece) != piece_packages
    }
    assert len(touched) <= 1


def test_a_small_platform_is_one_root() -> None:
    small = compiled("many-models").lowered["dev"]
    assert not layout(small).split
    assert layout(small).roots("overlays/dev") == ("overlays/dev",)


def test_a_large_one_says_what_to_apply_and_no_root_is_too_large() -> None:
    large, tree = compiled("many-models").lowered["prod"], compiled("many-models").tree()
    named = tree["overlays/prod/ROOTS"].splitlines()
    assert tuple(named) == layout(large).roots("overlays/prod")
    assert "models/" not in tree["overlays/prod/kustomization.yaml"]
    counts = [objects(piece_packages) for piece_packages in sharded(large.models).values()]
    assert max([*counts, objects(large.packages.values())]) <= MOST_OBJECTS
    assert sum(counts) + objects(large.packages.values()) == len(manifests(large))
    assert "overlays/dev/ROOTS" not in tree


def test_a_model_that_environments_share_is_made_once() -> None:
    dev, prod = (compiled("many-models").lowered[name].models for name in ("dev", "prod"))
    assert dev["model-003"] is prod["model-003"]
    assert dev["model-007"] is not prod["model-007"]


def test_a_model_costs_two_objects() -> None:
    for package in compiled("many-models").lowered["prod"].models.values():
        assert [resource.kind for resource in package.resources] == [
            "InferenceService",
            "VirtualService",
        ]
