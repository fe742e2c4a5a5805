// Before a chat: the questions that open one, or a message while chat is closed.
import { fromSchema, makeField, makeForm } from './forms.js'
import { button, h, here, newId, opening, own, post, shared, t, trouble, waitWords } from './kit.js'

/** Stands for none of the services; no service's code is this. */
const OTHER = '-'
/** Without query and fragment, which may hold what is nobody's business. */
const page = () => location.origin + location.pathname
const notices = () => here.setup.notices.map(text => h('p', { className: 'notice' }, text))

const nameField = () => makeField({
  name: 'name', kind: 'text', label: t('name'), required: true, needed: t('name_needed'), most: 100, autocomplete: 'name'
})
export const emailField = (required, hint) => makeField({
  name: 'email', kind: 'email', label: t('email'), hint, required, needed: t('email_needed'), most: 254, autocomplete: 'email'
})
const textField = (label, needed) => makeField({
  name: 'text', kind: 'textarea', label, required: true, needed, most: here.setup.limits.text
})

function serviceFields (services) {
  if (!services.length) return []
  const choices = services.map(one => ({ value: one.code, label: one.title }))
  const which = makeField({
    name: 'service',
    kind: 'select',
    label: t('service'),
    required: true,
    needed: t('service_needed'),
    choices: [...choices, { value: OTHER, label: t('something_else') }]
  })
  return [which, ...services.flatMap(questionsOf)]
}

function questionsOf ({ code, questions }) {
  const { properties = {}, required = [], 'x-order': order = [] } = questions || {}
  const names = [...new Set([...order, ...Object.keys(properties)])].filter(name => properties[name])
  return names.map(name => makeField({ ...fromSchema(name, properties[name], required.includes(name)), of: code }))
}

/** Send what `told` says under an id that is the same for the same words: an answer that got lost makes no second. */
async function sendOnce (path, told) {
  const words = JSON.stringify(told)
  const before = own.get(path)
  const id = before?.words === words ? before.id : newId()
  own.set(path, { id, words })
  const answer = await post(path, told, { 'X-Client-Id': id })
  if (answer.status === 201) for (const key of [path, 'form']) own.set(key)
  return answer
}

/** The way into a chat. `began()` when there is one, `closed()` when it has closed meanwhile. */
export function startView (body, { began, closed }) {
  const { greeting, services, wait_seconds: wait } = here.setup
  const fields = [nameField(), emailField(false, t('email_hint')), ...serviceFields(services), textField(t('help'), t('text_needed'))]

  async function send ({ name, email, service, text }, asked) {
    const answers = asked.filter(one => one.of && String(one.value)).map(one => [one.name, one.value])
    const told = {
      language: here.language,
      name,
      email,
      text,
      service: service === OTHER ? '' : service || '',
      answers: Object.fromEntries(answers),
      page: page()
    }
    const answer = await sendOnce('start', told)
    if (answer.status === 409) return closed()
    if (answer.status !== 201) return trouble(answer)
    shared.set('seen', 0)
    shared.set('chat', { token: answer.token })
    began()
  }

  const form = makeForm(fields, { label: t('start'), busy: t('starting'), send, saved: 'form' })
  form.lastChild.before(h('p', { className: 'hint' }, t('privacy')))
  const expected = waitWords(wait)
  body.replaceChildren(...[
    greeting && h('p', {}, greeting), ...notices(), expected && h('p', { className: 'quiet' }, expected), form
  ].filter(Boolean))
}

/** While it is closed: when it opens, and a message that becomes a contact like any other. */
export function messageView (body) {
  async function send (values) {
    const answer = await sendOnce('message', { language: here.language, ...values, page: page() })
    if (trouble(answer)) return trouble(answer)
    const done = h('h3', { tabIndex: -1 }, t('message_kept'))
    body.replaceChildren(
      done,
      answer.reference ? h('p', {}, t('reference', { reference: answer.reference })) : '',
      h('p', {}, t('answer_to', { email: values.email })),
      button(t('leave_another'), () => messageView(body))
    )
    done.focus()
  }
  const fields = [nameField(), emailField(true), textField(t('message'), t('message_needed'))]
  const when = here.setup.opens_at && ` ${opening(here.setup.opens_at)}`
  body.replaceChildren(
    h('p', {}, h('strong', {}, t('closed')), when),
    ...notices(),
    h('p', {}, t('leave')),
    makeForm(fields, { label: t('send_message'), busy: t('sending'), send, saved: 'form' })
  )
}
