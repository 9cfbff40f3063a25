"""Each class gets the outlines that the configuration asks for."""

import numpy as np
import pytest
import shapely
from pydantic import ValidationError

from pipeline.config.mapping import Polygons
from pipeline.mapping.geometry.frame import Frame
from pipeline.mapping.geometry.outlining import Outlining, outlined, outlining_of
from pipeline.mapping.geometry.simplification import simplified
from pipeline.mapping.masks.planes import HeldPlane, Strips
from pipeline.mapping.polygons import trace

STAIRS = np.tri(60, 60, dtype=np.bool_)


def test_what_the_section_says() -> None:
    settings = Polygons(simplify_cost={1: 0.02, 3: 0.01}, square=(1,), round=(7,), reshape_cost=0.1)
    assert outlining_of(settings, 1) == Outlining(0.02, "square", 0.1)
    assert outlining_of(settings, 3) == Outlining(0.01)
    assert outlining_of(settings, 7) == Outlining(0, "round", 0.1)
    assert outlining_of(Polygons(), 5) == Outlining(0.015)


def test_a_class_is_not_squared_and_rounded() -> None:
    with pytest.raises(ValidationError, match=r"class 7 is in polygons\.square"):
        Polygons(square=(1, 7), round=(7,))


def test_exclusive_classes_share_their_border_and_others_stand_alone() -> None:
    masks = [STAIRS, ~STAIRS, np.rot90(STAIRS)]
    traced = [trace(mask) for mask in masks]
    planes, strips = [HeldPlane(mask) for mask in masks], Strips(masks[0].shape)
    one, other, alone = outlined(traced, planes, strips, [Outlining(0.02)] * 3)
    assert shapely.coverage_is_valid(np.concatenate((one, other)))
    assert shapely.get_num_coordinates(one[0]) < 12
    assert alone[0].equals(simplified(traced[2], 0.02, Frame.of((60, 60)))[0])


def test_no_cost_keeps_every_edge_and_forms_their_class() -> None:
    masks = [STAIRS, ~STAIRS]
    traced = [trace(mask) for mask in masks]
    planes, strips = [HeldPlane(mask) for mask in masks], Strips(masks[0].shape)
    plain, round_ = outlined(traced, planes, strips, [Outlining(0), Outlining(0.01, "round", 0.2)])
    assert plain is traced[0]
    assert not round_[0].equals(simplified(traced[1], 0.01)[0])
    assert outlined([], [], strips, []) == []
