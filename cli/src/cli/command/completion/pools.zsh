(( $+functions[_plasmite_pools] )) ||
_plasmite_pools() {
    local directory=${~opt_args[--dir]:-$HOME/.plasmite/pools}
    local -a names=($directory/*.plasmite(N:t:r))
    _alternative 'pools:pool:compadd -a names' 'files:file:_files'
}

