"""All skills of the embedded model, by name. A task module adds itself by its `TASKS` list."""

from __future__ import annotations

from training.tasks import (
    arithmetic,
    calendar,
    following,
    letters,
    memory,
    ordering,
    reading,
    stories,
    talk,
    tools,
    units,
)
from training.tasks.base import Example, Split, Task

MODULES = (arithmetic, ordering, letters, stories, calendar, units, reading, following, tools, memory, talk)
TASKS: dict[str, Task] = {task.name: task for module in MODULES for task in module.TASKS}

__all__ = ["TASKS", "Example", "Split", "Task"]
