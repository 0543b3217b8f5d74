"""install_filter.py FOLDER TARGET: the packages of a Python project, with the entry points that its pyproject.toml names.

What pip would leave there. It is not asked, since it would fetch setuptools to build with.
"""

import pathlib
import shutil
import sys
import tomllib


def install(folder, target):
    settings = tomllib.loads((folder / 'pyproject.toml').read_text())
    project = settings['project']
    for package in settings['tool']['setuptools']['packages']:
        shutil.copytree(folder / package, target / package, dirs_exist_ok=True, ignore=shutil.ignore_patterns('__pycache__'))
    info = target / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(exist_ok=True)
    (info / 'METADATA').write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    (info / 'entry_points.txt').write_text(''.join(
        f'[{group}]\n' + ''.join(f'{name} = {where}\n' for name, where in points.items())
        for group, points in project.get('entry-points', {}).items()))


if __name__ == '__main__':
    install(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
