// Copies the text of the element that a button names.

for (const button of document.querySelectorAll('button[data-copy]')) {
  button.hidden = false
  button.addEventListener('click', async () => {
    const lines = [...document.querySelectorAll(`#${button.dataset.copy} li`)].map((item) =>
      item.textContent.trim(),
    )
    await navigator.clipboard.writeText(lines.join('\n'))
    button.textContent = 'Copied'
  })
}
