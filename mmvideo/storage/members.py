"""Names of members: the folders that they make, and the error for one that is not there."""
import posixpath

from mmvideo.errors import MissingFileError

__all__ = ['no_member', 'tree_of']


def tree_of(members):
    """``{folder: (names of folders, names of files)}`` of names; '' is the top."""
    tree = {'': ([], [])}

    def folder(path):
        if path not in tree:
            above, name = posixpath.split(path)
            tree[path] = ([], [])
            folder(above)[0].append(name)
        return tree[path]

    for member, is_folder in members:
        if is_folder:
            folder(member)
        else:
            above, name = posixpath.split(member)
            folder(above)[1].append(name)
    return tree


def no_member(path, member, missing, members):
    tops = sorted({name.split('/', 1)[0] for name in members})
    begin = (f'; its members lie in {", ".join(tops[:3])}{", ..." if len(tops) > 3 else ""}'
             if tops and member.split('/', 1)[0] not in tops else '')
    return MissingFileError(f'{path}: has no member {member!r}{begin} ({missing})')
