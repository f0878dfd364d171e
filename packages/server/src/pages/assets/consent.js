// A click that was meant for something else shall not allow anything: the button waits until the page has been seen.
for (const button of document.querySelectorAll('button[data-after-ms]')) {
  let timer
  const wait = () => {
    button.disabled = true
    clearTimeout(timer)
    timer = setTimeout(() => (button.disabled = false), Number(button.dataset.afterMs))
  }
  wait()
  // Coming back to the window counts anew.
  window.addEventListener('focus', wait)
}
