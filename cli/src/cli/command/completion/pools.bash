
# Names of pools, where a command takes one.
_plasmite_pools() {
    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
    local directory=$HOME/.plasmite/pools command= taken= at file
    _plasmite "$@"
    [[ $word == -* || $word == */* || $word == = ]] && return
    case $previous in
        @VALUE_OPTIONS@ | =) return ;;
    esac
    for ((at = 1; at < COMP_CWORD; at++)); do
        case ${COMP_WORDS[at]} in
            --dir)
                [[ ${COMP_WORDS[at + 1]} == = ]] && ((at++))
                directory=${COMP_WORDS[++at]/#\~/$HOME}
                ;;
            @VALUE_OPTIONS@)
                [[ ${COMP_WORDS[at + 1]} == = ]] && ((at++))
                ((at++))
                ;;
            --) return ;;
            -*) ;;
            pool) [[ -n $command ]] && taken=1 ;;
            *) if [[ -z $command ]]; then command=${COMP_WORDS[at]}; else taken=1; fi ;;
        esac
    done
    case $command in
        @MANY_POOLS@) ;;
        @ONE_POOL@) [[ -n $taken ]] && return ;;
        *) return ;;
    esac
    local names=()
    for file in "$directory"/*.plasmite; do
        file=${file##*/}
        file=${file%.plasmite}
        [[ $file != '*' && $file == "$word"* ]] && names+=("$(printf '%q' "$file")")
    done
    [[ ${#names[@]} -gt 0 ]] && COMPREPLY=("${names[@]}")
}
complete -F _plasmite_pools -o bashdefault -o default plasmite pls
