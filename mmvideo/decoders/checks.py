"""What every decoder says in the same words."""
from mmvideo.errors import InputError


def wanted_frames(filename, indices, count):
    """The indices, sorted and each once."""
    wanted = sorted({int(i) for i in indices})
    for i in (*wanted[:1], *wanted[-1:]):
        if not 0 <= i < count:
            raise InputError(f'{filename}: frame {i} was asked for; the video has frames '
                             f'0..{count - 1} (is start_index 0?)')
    return wanted


def missing_frame(filename, index, count, decodable, problem=''):
    """An error for a frame that the file claims to have."""
    return InputError(f'{filename}: frame {index} was asked for; the file should have {count}, '
                      f'only {decodable} can be decoded{problem}')


def first_line(error):
    """The message of a decoder without its stack of C++ frames."""
    text = (getattr(error, 'strerror', None) or str(error)).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__


def whole_number(owner, name, value, least=0):
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(f'{owner}: {name} must be a whole number >= {least}, not {value!r}')
    return value
