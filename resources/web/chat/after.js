// After a chat: how it was, a copy by mail, file or paper, going on or beginning anew.
import { emailField } from './before.js'
import { makeField, makeForm } from './forms.js'
import { button, h, here, post, save, t, trouble } from './kit.js'
import { transcript } from './lines.js'
import { talk } from './talk.js'

const STARS = [5, 4, 3, 2, 1]

/** What stands below an ended conversation. */
export function endCard ({ goOn, forget }) {
  const isBlocked = talk.state.ended_by === 'blocked'
  return h('div', { className: 'card' },
    !isBlocked && [rating(), h('h3', {}, t('copy')), small([emailField(true)], t('copy_send'), 'transcript', 'copied')],
    h('h3', {}, t('next_step')),
    h('div', { className: 'row' }, !isBlocked && button(t('go_on'), goOn), button(t('forget'), () => forget())),
    h('p', { className: 'hint' }, t('forget_hint')))
}

function rating () {
  if (talk.state.rating) return h('p', {}, t('rated'))
  const choices = STARS.map(n => ({ value: n, label: here.words.stars[n - 1] }))
  return small([
    makeField({ name: 'stars', kind: 'radios', choices, label: t('rate'), required: true, needed: t('rate_needed') }),
    makeField({ name: 'words', kind: 'textarea', label: t('rate_words'), most: 1000 })
  ], t('rate_send'), 'rating', 'rated')
}

/** A form that thanks in its own place. */
function small (fields, label, path, thanks) {
  async function send (values) {
    const wrong = trouble(await post(path, values))
    if (wrong) return wrong
    const note = h('p', { tabIndex: -1 }, t(thanks, values))
    form.replaceWith(note)
    note.focus()
  }
  const form = makeForm(fields, { label, busy: t('sending'), send, look: 'plain' })
  return form
}

export function download () {
  const text = transcript().map(pair => pair.join(' ')).join('\r\n')
  const today = new Date().toISOString().slice(0, 10)
  save(URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' })), `chat-${today}.txt`)
}

/** On a page of its own, for the host page prints itself. */
export function print () {
  const paper = window.open('', '_blank')
  if (!paper) return download()
  paper.document.documentElement.lang = here.language
  paper.document.title = t('conversation')
  paper.document.body.append(h('h1', {}, t('conversation')),
    ...transcript().map(([head, text]) => h('p', {}, h('strong', {}, head), ` ${text}`)))
  paper.print()
}
