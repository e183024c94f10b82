// Work that is done again and again while somebody looks.

// Runs `work` now and `ms` after each of its ends, but not while the tab is hidden.
export function every(ms, work) {
  let timer = null;
  let busy = false;
  const run = async () => {
    clearTimeout(timer);
    if (busy || document.hidden) return;
    busy = true;
    await work();
    busy = false;
    timer = setTimeout(run, ms);
  };
  document.addEventListener("visibilitychange", run);
  run();
}
