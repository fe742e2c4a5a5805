// Progressive enhancement only: every page works without this file.
import { initAll } from './govuk-frontend.min.js'

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
initAll()

const groups = [...document.querySelectorAll('[data-show-field]')]

/** The values now chosen or typed for one question. */
function answers (name) {
  return [...document.getElementsByName(name)]
    .filter(input => !['radio', 'checkbox'].includes(input.type) || input.checked)
    .filter(input => !input.closest('[data-show-field][hidden]'))
    .map(input => input.value)
}

/** Show each conditional question exactly when its condition holds, in the form's order. */
function refresh () {
  for (const group of groups) {
    const wanted = group.dataset.showValues.split('\n')
    group.hidden = !answers(group.dataset.showField).some(value => wanted.includes(value))
  }
}

if (groups.length) {
  document.addEventListener('input', refresh)
  document.addEventListener('change', refresh)
  window.addEventListener('pageshow', refresh)
  refresh()
}
