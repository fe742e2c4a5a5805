// Where a visitor writes, and gives files: chosen, photographed, pasted or dropped.
import { announce, button, codeOf, errorWords, h, here, icon, newId, own, sendFile, t, tool } from './kit.js'
import { say, typing } from './talk.js'

/** The form; `uploads` gets the files on their way, `draw` shows them, `toEnd` scrolls there. */
export function composer ({ panel, uploads, draw, toEnd }) {
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
    box.style.height = 'auto'
    box.style.height = `${box.scrollHeight + 4}px`
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
    toEnd()
  }
  function give (event, files) {
    event.preventDefault()
    panel.classList.remove('dropping')
    complain(sendAll([...files]).join(' '))
  }
  /** Send what may be sent; the words about the rest. */
  function sendAll (files) {
    const { files: most, file_bytes: bytes, kinds } = here.setup.limits
    if (files.length > most) return [t('file_many', { n: most })]
    return files.map(file => {
      const { name } = file
      if (file.size > bytes) return tooLarge(name)
      if (kinds && !kinds.split(',').some(kind => name.toLowerCase().endsWith(kind))) return t('file_kind', { name })
      upload({ id: newId(), file, node: h('li', { className: 'line own waiting' }) })
      return ''
    }).filter(Boolean)
  }

  async function upload (one) {
    const { name } = one.file
    const bar = h('progress', { max: 1, value: 0, 'aria-label': t('uploading', { name }) })
    one.node.replaceChildren(h('p', { className: 'said' }, t('uploading', { name })), bar)
    if (!uploads.includes(one)) uploads.push(one)
    draw()
    toEnd()
    await inTurn(async () => {
      const answer = await sendFile(one.id, one.file, done => { bar.value = done })
      if (answer.seq) one.kept = answer.seq
      else failed(one, answer)
    })
    draw()
  }
  function failed (one, answer) {
    const { name } = one.file
    const code = codeOf(answer)
    const final = { file_too_large: tooLarge(name), too_large: tooLarge(name), file_kind: t('file_kind', { name }), file_empty: t('file_empty', { name }) }[code]
    const words = final || `${t('file_failed', { name })} ${errorWords(code)}`
    const drop = () => {
      uploads.splice(uploads.indexOf(one), 1)
      draw()
      box.focus()
    }
    one.node.replaceChildren(h('p', { className: 'wrong' }, words), h('div', { className: 'row' },
      final ? '' : button(t('try_again'), () => upload(one)), button(t('remove'), drop)))
    announce(words)
  }

  const picker = props => h('input', {
    type: 'file',
    hidden: true,
    onchange (event) {
      give(event, event.target.files)
      event.target.value = ''
    },
    ...props
  })
  const files = picker({ multiple: true, accept: here.setup.limits.kinds || '' })
  const camera = picker({ accept: 'image/*', capture: 'environment' })
  panel.ondragover = event => {
    if (!event.dataTransfer.types.includes('Files')) return
    event.preventDefault()
    panel.dataset.drop = t('drop')
    panel.classList.add('dropping')
  }
  panel.ondragleave = event => { if (!panel.contains(event.relatedTarget)) panel.classList.remove('dropping') }
  panel.ondrop = event => give(event, event.dataTransfer.files)
  requestAnimationFrame(fit)
  return h('form', { className: 'composer', noValidate: true, onsubmit: go }, wrong, left, files, camera,
    tool('clip', t('attach'), () => files.click()),
    tool('camera', t('camera'), () => camera.click(), 'camera'),
    box,
    h('button', { type: 'submit', className: 'go send', 'aria-label': t('send'), title: t('send') }, icon('send')))
}

const tooLarge = name => t('file_large', { name, n: Math.floor(here.setup.limits.file_bytes / 1e6) })

let before = Promise.resolve()
/** One after the other, so that files stand in the order in which they were given. */
function inTurn (act) {
  before = before.then(act)
  return before
}
