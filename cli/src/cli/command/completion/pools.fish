function __fish_plasmite_pools
    set -l directory ~/.plasmite/pools
    set -l words (commandline -opc)
    if set -l at (contains -i -- --dir $words)
        set directory (string replace -r '^~' ~ -- $words[(math $at + 1)])
    end
    for file in $directory/*.plasmite
        string replace -r '.*/(.*)\.plasmite$' '$1' -- $file
    end
end
