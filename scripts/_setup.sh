# Sourced by the scripts beside it. `setup GROUP` makes or updates .venv in this checkout: the project and one dependency
# group of pyproject.toml. DEPENDENCIES chooses the versions: `locked` (from constraints.txt, the default), `lowest`
# (the lower bounds of pyproject.toml), `newest`, or `pre` (newest, pre-releases included).

cd "$(dirname "${BASH_SOURCE[0]}")/.."

find_python() {
    local candidate candidates=(.venv/bin/python python3 python3.14 python3.13 python3.12 python3.11 python)
    [[ -z ${PYTHON:-} ]] || candidates=("$PYTHON")
    for candidate in "${candidates[@]}"; do
        if "$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "This needs Python 3.11 or later with its venv module, and found none (looked for: ${candidates[*]})." >&2
    echo "Install it (on Debian and Ubuntu: python3 and python3-venv) or name it: PYTHON=/path/to/python $0" >&2
    return 1
}

setup() {
    local group=$1 stamp=.venv/.installed-$1 python wanted
    python=$(find_python)
    wanted=$({ "$python" -VV && pwd && echo "${DEPENDENCIES:-locked}" && cat pyproject.toml constraints.txt; } | cksum)
    if [[ -f $stamp && $(<"$stamp") == "$wanted" ]]; then
        return
    fi
    echo "Installing what scripts/${0##*/} needs into .venv. The next start of it does not." >&2
    if [[ $(.venv/bin/python -VV 2>/dev/null) != "$("$python" -VV)" ]]; then
        progress "Creating .venv with $("$python" -V)"
        "$python" -m venv --clear .venv
    fi
    local constraints=.venv/.constraints.txt options=()
    case ${DEPENDENCIES:-locked} in
        locked) cp constraints.txt "$constraints" ;;
        lowest) "$python" scripts/_lowest.py >"$constraints" ;;
        newest) : >"$constraints" && options=(--upgrade --upgrade-strategy eager) ;;
        pre) : >"$constraints" && options=(--upgrade --upgrade-strategy eager --pre) ;;
        *) echo "DEPENDENCIES must be locked, lowest, newest or pre; got ${DEPENDENCIES}." >&2 && return 1 ;;
    esac
    # First a pip that knows dependency groups, and what builds the project without an environment of its own.
    progress "Installing pip and hatchling, which build the project"
    install --upgrade pip hatchling
    progress "Installing the project, its libraries and the group $group (${DEPENDENCIES:-locked} versions); this may take a minute"
    install --no-build-isolation --editable '.[all]' --group "$group" "${options[@]}"
    echo "$wanted" >"$stamp"
    progress "Installed"
}

progress() {
    printf '  %s\n' "$1" >&2
}

install() {
    .venv/bin/python -m pip install -qq --disable-pip-version-check --constraint .venv/.constraints.txt "$@"
}
