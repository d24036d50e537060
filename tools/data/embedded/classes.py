"""The eight classes, what tells them apart, and the accuracy that no network can pass.

Evidence is split on purpose. No frame, and no unordered set of frames, says which way a motion
goes; only the sound tells apart two classes that look the same; only the picture tells apart two
that sound the same. So an accuracy says what a network has made use of.
"""
from dataclasses import dataclass

__all__ = ['Action', 'CLASSES', 'EVIDENCE', 'ceiling', 'groups', 'reverse_of']


@dataclass(frozen=True)
class Action:
    """What happens in a clip of one class.

    Args:
        name: for the reader.
        motion: ``slide`` along the width, ``turn`` on the spot, or ``scale``.
        direction: +1 to the right, clockwise, growing; -1 the other way.
        sound: ``chirp``, ``tone_a`` or ``tone_b``.
        pitch: +1 rising, -1 falling, 0 steady.
    """
    name: str
    motion: str
    direction: int
    sound: str
    pitch: int


CLASSES = (
    Action('slides left, pitch rises', 'slide', -1, 'chirp', +1),
    Action('slides left, pitch falls', 'slide', -1, 'chirp', -1),
    Action('slides right, pitch rises', 'slide', +1, 'chirp', +1),
    Action('slides right, pitch falls', 'slide', +1, 'chirp', -1),
    Action('turns clockwise, low tone', 'turn', +1, 'tone_a', 0),
    Action('turns counter-clockwise, low tone', 'turn', -1, 'tone_a', 0),
    Action('grows, high tone', 'scale', +1, 'tone_b', 0),
    Action('shrinks, high tone', 'scale', -1, 'tone_b', 0),
)

# What each kind of evidence shows of an action. Classes that agree in all of it look the same.
EVIDENCE = {
    'unordered frames': ('motion',),
    'ordered frames': ('motion', 'direction'),
    'sound': ('sound', 'pitch'),
    'ordered frames and sound': ('motion', 'direction', 'sound', 'pitch'),
}


def groups(evidence):
    """Labels that one kind of evidence cannot tell apart, as a list of lists."""
    found = {}
    for label, action in enumerate(CLASSES):
        shown = tuple(getattr(action, field) for field in EVIDENCE[evidence])
        found.setdefault(shown, []).append(label)
    return list(found.values())


def ceiling(evidence):
    """Best top-1 accuracy, 0..1, that is to be expected from one kind of evidence.

    Within a group there is nothing left but to guess: every class counts as many clips as the
    others, so one guess in ``len(group)`` is right.
    """
    chances = [1 / len(group) for group in groups(evidence) for _ in group]
    return sum(chances) / len(CLASSES)


def reverse_of(label):
    """The class that a clip shows when it is played backwards, picture and sound."""
    action = CLASSES[label]
    wanted = (action.motion, -action.direction, action.sound, -action.pitch)
    return next(k for k, other in enumerate(CLASSES)
                if (other.motion, other.direction, other.sound, other.pitch) == wanted)
