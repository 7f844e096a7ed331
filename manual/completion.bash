# bash completion of @PROGRAM@; made by manual/completion.py of iomodels from the options of the
# programs. Needs bash 4 and nothing else.

# Set `options` and `operand` to what table $1 has: options as --NAME, or --NAME=OFFERS where there
# is a value; what an operand is as OFFERS. OFFERS are kinds, and words behind "=", by commas.
_@FUNCTION@_table() {
@TABLES@
}

# Add those of the lines on standard input that begin with $1, each behind $2.
_@FUNCTION@_add() {
    local line
    while IFS= read -r line; do
        [[ $line == "$1"* ]] && COMPREPLY+=("$2$line")
    done
}

# Those of names $2 that begin as the last of the list $1 does, with what stands before.
_@FUNCTION@_add_to_list() {
    local before=
    [[ $1 == *,* ]] && before=${1%,*},
    _@FUNCTION@_add "${1##*,}" "$before" <<<"$2"
    compopt -o nospace 2>/dev/null # a comma may follow
}

# Add what compgen $1 finds of $2.
_@FUNCTION@_add_paths() {
    _@FUNCTION@_add '' '' < <(compgen "$1" "${@:3}" -- "$2")
    compopt -o filenames 2>/dev/null
}

# Offer values of the kinds $1 for what has been typed, $2. `program` is the program.
_@FUNCTION@_offer() {
    local kind names=
    local -a kinds
    IFS=, read -ra kinds <<<"$1"
    for kind in "${kinds[@]}"; do
        case $kind in
        =*) _@FUNCTION@_add "$2" '' <<<"${kind#=}" ;;
        model | external | scenario | run)
            names=$("$program" list --names "${kind}s" 2>/dev/null)
            _@FUNCTION@_add "$2" '' <<<"$names"
            ((${#COMPREPLY[@]})) && return # else it is a path
            ;;&
        server)
            names=$("$program" list --names models 2>/dev/null
                "$program" list --names externals 2>/dev/null)
            _@FUNCTION@_add "$2" '' <<<"$names"
            ;;
        models | externals)
            names=$("$program" list --names "$kind" 2>/dev/null)
            _@FUNCTION@_add_to_list "$2" "$names"$'\nall\nnone'
            ;;
        directory | run)
            _@FUNCTION@_add_paths -d "$2"
            ;;
        scenario)
            _@FUNCTION@_add_paths -d "$2"
            _@FUNCTION@_add_paths -f "$2" -X '!*.ini'
            ;;
        file)
            _@FUNCTION@_add_paths -f "$2"
            ;;
        esac
    done
}

# Set `offers` to what option $1 takes; false where $1 is no option with a value.
_@FUNCTION@_takes() {
    local option
    for option in $options; do
        if [[ ${option%%=*} == "$1" && $option == *=* ]]; then
            offers=${option#*=}
            return 0
        fi
    done
    return 1
}

_@FUNCTION@() {
    local program=${1/#\~/$HOME} options operand offers table= awaits= i n=0 word before=
    local -a words=()
    COMPREPLY=()
    # The line as it was typed: bash cuts words at each "=" unless COMP_WORDBREAKS has none.
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((n > 0)) && [[ ${words[n - 1]} == --* && $word == = ]]; then
            words[n - 1]+==
        elif ((n > 0)) && [[ ${words[n - 1]} == --*= ]]; then
            words[n - 1]+=$word
        else
            words[n++]=$word
        fi
    done
    # What stands before the cursor says which table holds, and whether a value comes next.
    _@FUNCTION@_table '' || return
    for ((i = 0; i < n - 1; i++)); do
        word=${words[i]}
        if [[ $awaits ]]; then
            awaits=
        elif [[ $word == -* ]]; then
            _@FUNCTION@_takes "$word" && awaits=$word
        elif _@FUNCTION@_table "${table:+$table }$word"; then
            table=${table:+$table }$word
        fi
    done
    word=${words[n - 1]}
    if [[ $awaits ]]; then
        _@FUNCTION@_takes "$awaits"
        _@FUNCTION@_offer "$offers" "$word"
    elif [[ $word == --*=* ]]; then
        [[ ${COMP_WORDS[COMP_CWORD]} == --* ]] && before=${word%%=*}=
        _@FUNCTION@_takes "${word%%=*}" && _@FUNCTION@_offer "$offers" "${word#*=}"
        COMPREPLY=("${COMPREPLY[@]/#/$before}")
    elif [[ $word == -* ]]; then
        for i in $options; do
            [[ $i == --* ]] && _@FUNCTION@_add "$word" '' <<<"${i%%=*}"
        done
    else
        _@FUNCTION@_offer "$operand" "$word"
    fi
}

complete -F _@FUNCTION@ @PROGRAM@
