// The way back to the start, and printing. Every page works without this file.
const home = document.body.dataset.home
const isStart = document.body.dataset.start === 'yes'
const dialog = document.querySelector('.kiosk-still')
const count = document.querySelector('.kiosk-still__count')
/** Seconds without a touch; then seconds in which it can be stopped (WCAG 2.2.1 wants 20). */
const IDLE = 30
const WARNED = 20
const TRY_AGAIN = 5

let untouched = 0
let left = 0

/** Go there only when somebody answers: a kiosk must never show the browser's own error page. */
async function leave () {
  try {
    await fetch(home, { cache: 'no-store', signal: AbortSignal.timeout(10000) })
    location.replace(home)
  } catch {
    setTimeout(leave, TRY_AGAIN * 1000)
  }
}

function warn () {
  left = WARNED
  count.textContent = left
  dialog.showModal()
}

function tick () {
  if (dialog.open) {
    left -= 1
    count.textContent = Math.max(left, 0)
    if (left === 0) leave()
    return
  }
  untouched += 1
  if (untouched !== IDLE) return
  if (isStart) {
    // Nobody is there: only the waits are brought up to date.
    untouched = 0
    leave()
  } else {
    warn()
  }
}

function touched () {
  if (!dialog.open) untouched = 0
}

for (const kind of ['pointerdown', 'keydown', 'input', 'focusin', 'wheel', 'touchmove']) {
  document.addEventListener(kind, touched, { passive: true })
}
dialog.addEventListener('close', () => {
  untouched = 0
  if (left <= 0) location.replace(home)
})
setInterval(tick, 1000)

// What lay open when somebody went must not come back for whoever comes next.
window.addEventListener('pageshow', event => {
  if (event.persisted) location.replace(home)
})

// The browser's own way back would ask about sending a form again: here it leads to the start.
if (!isStart) {
  document.addEventListener('pointerdown', () => history.pushState(null, ''), { once: true })
  window.addEventListener('popstate', () => location.replace(home))
}

document.querySelector('.govuk-error-summary')?.focus()

const print = document.querySelector('.kiosk-print')
if (print) {
  print.hidden = false
  print.addEventListener('click', () => window.print())
}
