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


def no_member(archive, member, missing):
    """The error for a member that an archive lacks; says how names begin if this one is far off."""
    begin = ''
    if not archive.has_folder(member.split('/', 1)[0]):
        first = next(archive.names(), None)
        begin = f'; its first is {first!r}' if first else '; it is empty'
    return MissingFileError(f'{archive.path}: has no member {member!r}{begin} ({missing})')
