"""Items of many scenes, made one after the other or side by side; the results are the same.

A stage says by a *recipe* what a scene's items are: from the job and the scene's id to their
orders. Whoever works on a scene, this process or a worker, asks the same recipe, so that nothing
but text has to travel.
"""

from pipeline.stages.crew.making import make_items
from pipeline.stages.crew.order import Order, Recipe, kept_for_job

__all__ = ["Order", "Recipe", "kept_for_job", "make_items"]
