// Where a visitor writes, and gives files: chosen, photographed, pasted or dropped.
import { h, here, icon, own, t, tool } from './kit.js'
import { say, typing } from './talk.js'
import { sendFiles } from './uploads.js'

/** The form at the foot of the `panel`; what is sent appears in the `list`. */
export function composer (panel, list) {
  const limit = here.setup.limits.text
  const wrong = h('p', { className: 'wrong', hidden: true, role: 'alert' })
  const left = h('p', { className: 'hint', hidden: true, id: 'left' })
  const box = h('textarea', {
    rows: 1,
    autocomplete: 'off',
    enterKeyHint: 'send',
    placeholder: t('write'),
    'aria-label': t('write'),
    'aria-describedby': 'left',
    value: own.get('draft') || '',
    oninput: written,
    onkeydown (event) { if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) go(event) },
    onpaste (event) { if (event.clipboardData.files.length) give(event, event.clipboardData.files) }
  })

  function complain (words) {
    wrong.textContent = words
    wrong.hidden = !words
  }
  function fit () {
    const n = limit - box.value.length
    left.hidden = n > 200
    left.textContent = n < 0 ? t('over', { n: -n }) : t('left', { n })
    list.steady(() => {
      box.style.height = 'auto'
      box.style.height = `${box.scrollHeight + 4}px`
    })
  }
  function written () {
    own.set('draft', box.value || undefined)
    complain('')
    fit()
    typing(() => box.value.slice(0, limit))
  }
  function go (event) {
    event.preventDefault()
    const text = box.value.trim()
    box.focus()
    if (!text || text.length > limit) return
    box.value = ''
    own.set('draft')
    fit()
    say(text)
    list.toEnd()
  }
  function give (event, files) {
    event.preventDefault()
    panel.classList.remove('dropping')
    complain(sendFiles([...files]).join(' '))
    list.toEnd()
  }

  takeDrops(panel, give)
  requestAnimationFrame(fit)
  const files = picker(give, { multiple: true, accept: here.setup.limits.kinds || '' })
  const camera = picker(give, { accept: 'image/*', capture: 'environment' })
  return h('form', { className: 'composer', noValidate: true, onsubmit: go }, wrong, left, files, camera,
    tool('clip', t('attach'), () => files.click()),
    tool('camera', t('camera'), () => camera.click(), 'camera'),
    box,
    h('button', { type: 'submit', className: 'go send', 'aria-label': t('send'), title: t('send') }, icon('send')))
}

const picker = (give, props) => h('input', {
  type: 'file',
  hidden: true,
  onchange (event) {
    give(event, event.target.files)
    event.target.value = ''
  },
  ...props
})

function takeDrops (panel, give) {
  panel.ondragover = event => {
    if (!event.dataTransfer.types.includes('Files')) return
    event.preventDefault()
    panel.dataset.drop = t('drop')
    panel.classList.add('dropping')
  }
  panel.ondragleave = event => { if (!panel.contains(event.relatedTarget)) panel.classList.remove('dropping') }
  panel.ondrop = event => give(event, event.dataTransfer.files)
}
