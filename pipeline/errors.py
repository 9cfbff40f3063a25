"""Every error a user can cause, one class per broken rule.

A message names the file, the value, the rule and the fix. Nothing here is raised for bugs of the
pipeline itself: those stay plain Python exceptions with their traceback.
"""

from __future__ import annotations


class PipelineError(Exception):
    """Base of all errors that are reported to the user as one message, without a traceback."""


class ConfigError(PipelineError):
    """A configuration is valid YAML whose keys are known and whose values fit together."""


class ImageryError(PipelineError):
    """An image file is readable, whole, and of the bands and size that the config declares."""


class LabelError(PipelineError):
    """A label is a valid polygon of a known class that lies on its scene."""


class DatasetError(PipelineError):
    """A dataset folder holds the scenes, the grid sizes and the tables that its config names."""


class ArtifactError(PipelineError):
    """A stage finds the whole, unaltered results of the stages before it."""


class TrainingError(PipelineError):
    """A training can start, continue from its checkpoint, and stays finite."""


class SearchError(PipelineError):
    """A search has trials that can be scored, and the ledgers that it starts from."""


class WorkError(PipelineError):
    """Work that was handed to other processes is done there, and comes back."""


class DownloadError(PipelineError):
    """Files from elsewhere may be had, are whole, and are unpacked where there is room for them."""


class SubmissionError(PipelineError):
    """A submission has each sample row once, in order, with a geometry that can be read back."""


class ScoringError(PipelineError):
    """A prediction and a truth to be compared speak of the same scenes and classes."""
