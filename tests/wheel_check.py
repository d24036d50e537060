"""Does the built wheel work where nothing but its requirements is installed?

Run by ``make test-wheel``. Builds the wheel with the newest setuptools from a clean copy of the
checkout (a left-over ``build/`` would hide a missing file), installs it with the newest setuptools
and the tested versions into an empty environment, and there, outside the checkout, imports every
module, loads every config and builds every model.
"""
import argparse
import importlib
import importlib.util
import os
import pkgutil
import shutil
import subprocess
import sys
import tempfile
import time
import venv
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
SOURCES = ['mmvideo', 'configs', 'tools', 'requirements', 'setup.py', 'pyproject.toml',
           'MANIFEST.in', 'README.md', 'LICENSE']


def run(*command, cwd):
    """Run a command without the caller's Python settings; its failure is ours."""
    env = {k: v for k, v in os.environ.items() if not k.startswith('PYTHON')}
    subprocess.run([str(c) for c in command], cwd=cwd, env=env, check=True)


def source_files(folder):
    """Files of a folder of the checkout that belong into the wheel, relative to the folder."""
    return sorted(f.relative_to(folder) for f in folder.rglob('*')
                  if f.is_file() and '__pycache__' not in f.parts)


def build_wheel(work):
    """Copy the sources to ``work/source`` and build there; the path of the wheel."""
    source = work / 'source'
    source.mkdir()
    for name in SOURCES:
        origin = HERE / name
        if origin.is_dir():
            shutil.copytree(origin, source / name, ignore=shutil.ignore_patterns('__pycache__'))
        elif origin.exists():
            shutil.copyfile(origin, source / name)
    # In isolation pip takes the newest setuptools that pyproject.toml allows.
    run(sys.executable, '-m', 'pip', 'wheel', '--quiet', '--no-deps', '--wheel-dir', work, source,
        cwd=work)
    return next(work.glob('mmvideo-*.whl'))


def check_content(wheel):
    """Every module, label map, config and tool of the checkout and the license are in the wheel."""
    with zipfile.ZipFile(wheel) as file:
        inside = set(file.namelist())
    wanted = [f'mmvideo/{f}' for f in source_files(HERE / 'mmvideo') if f.suffix in ('.py', '.txt')]
    for folder in ('configs', 'tools'):
        wanted += [f'mmvideo/.mim/{folder}/{f}' for f in source_files(HERE / folder)]
    missing = [f for f in wanted if f not in inside]
    if missing:
        sys.exit(f'{wheel.name} lacks ' + ', '.join(missing))
    if not any(name.endswith('/LICENSE') for name in inside):
        sys.exit(f'{wheel.name} lacks LICENSE')
    print(f'{wheel.name}: {len(inside)} files, {wheel.stat().st_size / 1024:.0f} KiB', flush=True)


def check_inside():
    """Runs in the empty environment: imports, configs, models, and the tools' ``--help``."""
    import mmvideo
    package = Path(mmvideo.__file__).parent
    if HERE in package.parents:
        sys.exit(f'mmvideo was imported from the checkout: {package}')
    modules = [m.name for m in pkgutil.walk_packages(mmvideo.__path__, 'mmvideo.',
                                                     onerror=_raise)]
    for name in modules:
        importlib.import_module(name)
    print(f'{len(modules)} modules imported', flush=True)

    configs, models = check_configs(package / '.mim' / 'configs')
    print(f'{configs} configs loaded, {models} models built', flush=True)

    tools = sorted((package / '.mim' / 'tools').glob('*.py'))
    for tool in tools:
        subprocess.run([sys.executable, '-I', str(tool), '--help'], check=True,
                       stdout=subprocess.DEVNULL)
    print(f'{len(tools)} tools answer --help', flush=True)


def _raise(name):
    raise ImportError(f'cannot import {name}')


def build_model(model):
    """Build a model; one whose backbone is of a library that is not here must say so."""
    from mmvideo.errors import InputError
    from mmvideo.registry import MODELS
    library, _, rest = model.backbone.type.partition('.')
    try:
        MODELS.build(model)
    except InputError as error:
        if not rest or importlib.util.find_spec(library) or library not in str(error):
            raise


def check_configs(folder):
    """Load all configs of a folder and build the model of each that is not a part.

    Returns:
        tuple(int, int): how many were loaded, and how many different models were built.
    """
    from mmengine.config import Config

    paths = sorted(folder.rglob('*.py'))
    built = set()
    for path in paths:
        name = path.relative_to(folder).as_posix()
        try:
            cfg = Config.fromfile(path)
            if '_base_' in path.relative_to(folder).parts or 'model' not in cfg:
                continue  # a part, or a row that fuses the scores of two others
            if repr(cfg.model) not in built:
                build_model(cfg.model)
                built.add(repr(cfg.model))
        except Exception as error:
            raise RuntimeError(f'config {name}: {error}') from error
    return len(paths), len(built)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--inside', action='store_true',
                        help='check the mmvideo that this interpreter has installed')
    if parser.parse_args().inside:
        check_inside()
        return
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix='mmvideo-wheel-') as work:
        work = Path(work).resolve()
        wheel = build_wheel(work)
        check_content(wheel)
        venv.create(work / 'venv', with_pip=True)
        python = work / 'venv' / ('Scripts' if os.name == 'nt' else 'bin') / 'python'
        run(python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--upgrade',
            '-c', HERE / 'requirements' / 'constraints.txt', 'setuptools', wheel, cwd=work)
        # -I: neither the checkout nor the user's packages are on the path.
        run(python, '-I', Path(__file__).resolve(), '--inside', cwd=work)
    print(f'the wheel works ({time.monotonic() - start:.0f} s)')


if __name__ == '__main__':
    main()
