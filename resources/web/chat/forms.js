// Questions in the house's JSON Schema (domain/forms.py), and forms whose errors read as GOV.UK's do.
import { button, h, own, t } from './kit.js'

/** What `makeField` needs to ask one question of a schema. */
export function fromSchema (name, part, required) {
  const listed = part.oneOf || part.enum || part.items?.oneOf || part.items?.enum || []
  const choices = listed.map(one => typeof one === 'object'
    ? { value: one.const, label: one.title || String(one.const) }
    : { value: one, label: String(one) })
  return {
    name,
    choices,
    required,
    kind: kindOf(part, choices),
    label: part.title || name,
    hint: part.description,
    most: part.maxLength,
    needed: part['x-error']?.required,
    showIf: part['x-show-if']
  }
}

function kindOf (part, choices) {
  const widget = part['x-widget']
  if (part.type === 'boolean') return 'yes_no'
  if (part.type === 'array') return 'checkboxes'
  if (choices.length) return widget === 'select' || (widget !== 'radios' && choices.length > 7) ? 'select' : 'radios'
  return widget || part.format || part.type
}

const CHOSEN = ['radios', 'checkboxes', 'yes_no', 'select']
const SINGLE = {
  select: ({ choices }) => h('select', {},
    h('option', { value: '' }, t('select')), choices.map((one, i) => h('option', { value: i }, one.label))),
  textarea: () => h('textarea', { rows: 3 }),
  address: () => h('textarea', { rows: 3 }),
  email: () => h('input', { type: 'email' }),
  tel: () => h('input', { type: 'tel' }),
  integer: () => h('input', { type: 'text', inputMode: 'numeric' }),
  number: () => h('input', { type: 'text', inputMode: 'decimal' }),
  text: () => h('input', { type: 'text' })
}

let serial = 0

/** A question: its `node`, its `value`, and `complain(words)`; `key` names it among all of a form. */
export function makeField (spec) {
  const id = `f${++serial}`
  const part = spec.kind === 'date'
    ? dateField()
    : CHOSEN.includes(spec.kind) && spec.kind !== 'select' ? choiceField(spec, id) : singleField(spec, id)
  const words = spec.hint || (spec.kind === 'date' && t('date_hint'))
  const hint = words && h('p', { className: 'hint', id: `${id}-hint` }, words)
  const wrong = h('p', { className: 'wrong', id: `${id}-wrong`, hidden: true })
  const label = [spec.label, !spec.required && h('span', { className: 'hint' }, ` ${t('optional')}`)]
  const node = part.grouped
    ? h('fieldset', { className: 'field' }, h('legend', {}, label), hint, wrong, part.node)
    : h('div', { className: 'field' }, h('label', { htmlFor: id }, label), hint, wrong, part.node)
  const described = part.grouped ? node : part.node
  const field = {
    ...spec,
    node,
    key: (spec.of || '') + spec.name,
    get value () { return part.read() },
    set value (value) { if (value !== undefined) part.write(value) },
    focus: () => part.first().focus(),
    complain (words) {
      node.classList.toggle('bad', !!words)
      wrong.hidden = !words
      wrong.replaceChildren(h('span', { className: 'hidden' }, `${t('error')} `), words || '')
      described.setAttribute('aria-describedby', [hint && hint.id, words && wrong.id].filter(Boolean).join(' '))
      if (!part.grouped) part.node.setAttribute('aria-invalid', !!words)
    },
    asked: values => (!spec.of || values.service === spec.of) && (!spec.showIf || holds(spec, values))
  }
  field.complain('')
  return field
}

const holds = ({ of, showIf }, values) =>
  [].concat(values[of + showIf.field]).some(one => [].concat(showIf.equals).includes(one))

function singleField (spec, id) {
  const input = (SINGLE[spec.kind] || SINGLE.text)(spec)
  Object.assign(input, { id, autocomplete: spec.autocomplete || 'off' })
  const isSelect = spec.kind === 'select'
  return {
    node: input,
    first: () => input,
    read: () => isSelect ? spec.choices[input.value]?.value ?? '' : input.value.trim(),
    write (value) {
      const known = isSelect ? spec.choices.findIndex(one => one.value === value) : -1
      input.value = isSelect ? (known < 0 ? '' : known) : value
    }
  }
}

function dateField () {
  const names = ['day', 'month', 'year']
  const inputs = names.map(() => h('input', { type: 'text', inputMode: 'numeric', autocomplete: 'off', maxLength: 4 }))
  const texts = () => inputs.map(input => input.value.trim())
  return {
    grouped: true,
    node: h('div', { className: 'date' }, inputs.map((input, i) => h('label', {}, t(names[i]), input))),
    first: () => inputs[0],
    read: () => texts().some(Boolean) ? texts().reverse().join('-') : '',
    write: value => value.split('-').reverse().forEach((text, i) => { inputs[i].value = text })
  }
}

function choiceField (spec, id) {
  const many = spec.kind === 'checkboxes'
  const choices = spec.kind === 'yes_no'
    ? [{ value: true, label: t('yes') }, { value: false, label: t('no') }]
    : spec.choices
  const inputs = choices.map((_, i) => h('input', { type: many ? 'checkbox' : 'radio', name: id, value: i }))
  return {
    grouped: true,
    node: h('div', {}, inputs.map((input, i) => h('label', { className: 'choice' }, input, h('span', {}, choices[i].label)))),
    first: () => inputs.find(input => input.checked) || inputs[0],
    read () {
      const ticked = choices.filter((_, i) => inputs[i].checked).map(one => one.value)
      return many ? ticked : ticked[0] ?? ''
    },
    write: value => inputs.forEach((input, i) => { input.checked = [].concat(value).includes(choices[i].value) })
  }
}

/** What is wrong with an answer as far as the page can tell; the gateway judges the rest. */
function check ({ kind, value, required, needed, label, most }) {
  if (value === '' || value.length === 0) {
    if (!required) return ''
    return needed || t(CHOSEN.includes(kind) ? 'select_answer' : 'enter_answer', { question: label })
  }
  if (kind === 'email' && !/^\S+@\S+\.\S{2,}$/.test(value)) return t('email_needed')
  return most && value.length > most ? t('over', { n: value.length - most }) : ''
}

/**
 * A form of `fields`. `send(values, asked)` answers with undefined when all is well, else {errors, notice}.
 * With `saved` what is typed outlives the page, under that name, for this tab.
 */
export function makeForm (fields, { label, busy, send, saved, look = 'go' }) {
  const kept = (saved && own.get(saved)) || {}
  const submit = button(label, undefined, look, 'submit')
  const top = h('div', { className: 'summary', role: 'alert', tabIndex: -1, hidden: true })
  const values = () => Object.fromEntries(fields.map(one => [one.key, one.value]))
  const asked = () => fields.filter(one => one.asked(values()))
  let isBusy = false

  function refresh () {
    const now = asked()
    for (const one of fields) one.node.hidden = !now.includes(one)
    if (saved) own.set(saved, values())
  }
  async function go (event) {
    event.preventDefault()
    if (isBusy) return
    const found = asked().map(one => [one.name, check(one)]).filter(([, words]) => words)
    if (found.length) return complain({ errors: Object.fromEntries(found) })
    isBusy = true
    submit.textContent = busy
    const answer = await send(values(), asked())
    isBusy = false
    submit.textContent = label
    if (answer) complain(answer)
  }
  function complain ({ errors = {}, notice }) {
    for (const one of asked()) one.complain(errors[one.name])
    const leads = Object.entries(errors).map(([name, words]) => {
      const field = asked().find(one => one.name === name)
      return field ? h('a', { href: '#', onclick (event) { event.preventDefault(); field.focus() } }, words) : h('p', {}, words)
    })
    top.replaceChildren(h('h3', {}, t('problem')), notice ? h('p', {}, notice) : '', ...leads)
    top.hidden = false
    top.focus()
  }

  for (const one of fields) one.value = kept[one.key]
  refresh()
  const nodes = fields.map(one => one.node)
  return h('form', { noValidate: true, onsubmit: go, oninput: refresh, onchange: refresh }, top, nodes, submit)
}
