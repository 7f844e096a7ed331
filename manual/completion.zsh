#compdef @PROGRAM@
# zsh completion of @PROGRAM@; made by manual/completion.py of iomodels from the options of the
# programs.

# `program` is what was typed for the program.
_iomodels_names() {
    print -rl -- ${(f)"$(${~program} list --names $1 2>/dev/null)"}
}

_iomodels_offer() {
    local -a names=(${(f)"$(_iomodels_names $1)"})
    compadd -a names
}

_iomodels_list() {
    local -a names=(${(f)"$(_iomodels_names $1)"} all none)
    _values -s , $1 $names
}

_iomodels_model() { _iomodels_offer models }
_iomodels_external() { _iomodels_offer externals }
_iomodels_models() { _iomodels_list models }
_iomodels_externals() { _iomodels_list externals }
_iomodels_server() { _iomodels_offer models; _iomodels_offer externals }
_iomodels_scenario() { _iomodels_offer scenarios || _files -g '*.ini' }
_iomodels_run() { _iomodels_offer runs || _files -/ }
_iomodels_directory() { _files -/ }
_iomodels_file() { _files }
_iomodels_word_or() { compadd -- "$@[2,-1]" || $1 }

# Set `specs` to what table $1 has: options and operands, as _arguments takes them.
_@FUNCTION@_specs() {
    case $1 in
@TABLES@
    *) return 1 ;;
    esac
}

# Complete by the table of the words that have been typed: that of a command, or of an experiment
# behind it. As the program does, take what follows an option without "=" for its value.
_@FUNCTION@_table() {
    local table=$1 state before word
    local -a specs
    for word in $words[2,CURRENT-1]; do
        [[ $before != -* || $before == *=* ]] && _@FUNCTION@_specs "$table $word" && table+=" $word"
        before=$word
    done
    _@FUNCTION@_specs "$table" && _arguments -S $specs && return
    if [[ $state == server ]]; then
        _@FUNCTION@_specs "serve $words[1]" && _arguments -S $specs
    fi
}

_@FUNCTION@() {
    local program=${(Q)words[1]} curcontext=$curcontext state
    local -a commands=(
@COMMANDS@
    )
    if (( ! $#commands )); then
        _@FUNCTION@_table ''
        return
    fi
    _arguments -C '(- *)'{-h,--help}'[list the commands]' '(- *)--version[print the version]' \
        '1:command:->command' '*::argument:->argument' && return
    case $state in
    command) _describe command commands ;;
    argument) _@FUNCTION@_table "$words[1]" ;;
    esac
}

_@FUNCTION@ "$@"
