// The chat service is not published: this stands in for it. Every request and answer is held
// against the published lexicons, and who asks is proved by the token of their own server.
import { schemas } from '@atproto/api'
import { createServer, verifyJwt } from '@atproto/xrpc-server'

const conversations = new Map()
const logs = new Map()
let moment = 0

const rev = () => `${Date.now().toString(36).padStart(10, '0')}${String((moment += 1)).padStart(6, '0')}`
const id = () => Math.random().toString(36).slice(2) + rev()

export async function startChat(port, ownDid, identities) {
  const server = createServer(schemas, { validateResponse: true })
  const keyOf = async (did) => (await identities.getDocumentData(did)).verificationMethods.atproto
  const auth = async ({ req }) => {
    const token = (req.headers.authorization ?? '').replace('Bearer ', '')
    const lxm = req.url.split('?')[0].split('/').pop()
    const { iss } = await verifyJwt(token, null, lxm, keyOf)
    return { credentials: { did: iss } }
  }
  const method = (nsid, answer) =>
    server.method(nsid, {
      auth,
      handler: async ({ auth: { credentials }, params, input }) => ({
        encoding: 'application/json',
        body: await answer(credentials.did, input?.body ?? params),
      }),
    })
  const handle = async (did) => (await identities.getDocumentData(did)).alsoKnownAs[0].replace('at://', '')
  const profiles = (dids) => Promise.all(dids.map(async (did) => ({ did, handle: await handle(did) })))
  const view = async (convo, me) => ({
    id: convo.id,
    rev: convo.rev,
    members: await profiles(convo.members),
    muted: false,
    status: 'accepted',
    unreadCount: convo.messages.filter((each) => each.sender.did !== me && each.rev > (convo.read[me] ?? '')).length,
    ...(convo.messages.length ? { lastMessage: typed(convo.messages.at(-1)) } : {}),
  })
  const typed = (message) => ({ $type: 'chat.bsky.convo.defs#messageView', ...message })
  const mine = (did) => [...conversations.values()].filter((each) => each.members.includes(did))
  const found = (did, convoId) => {
    const convo = conversations.get(convoId)
    if (!convo?.members.includes(did)) throw Object.assign(new Error('no such conversation'), { status: 400 })
    return convo
  }
  const tell = (convo, entry) => {
    for (const did of convo.members) logs.set(did, [...(logs.get(did) ?? []), { convoId: convo.id, ...entry }])
  }

  method('chat.bsky.convo.getConvoForMembers', async (me, { members }) => {
    const all = [...new Set([me, ...members])].sort()
    let convo = mine(me).find((each) => each.members.join() === all.join())
    if (!convo) {
      convo = { id: id(), rev: rev(), members: all, messages: [], read: {} }
      conversations.set(convo.id, convo)
      tell(convo, { $type: 'chat.bsky.convo.defs#logBeginConvo', rev: convo.rev })
    }
    return { convo: await view(convo, me) }
  })
  method('chat.bsky.convo.getConvo', async (me, { convoId }) => ({ convo: await view(found(me, convoId), me) }))
  method('chat.bsky.convo.listConvos', async (me, { limit = 50, cursor = '0', readState }) => {
    const views = await Promise.all(mine(me).sort((a, b) => (a.rev < b.rev ? 1 : -1)).map((each) => view(each, me)))
    const wanted = views.filter((each) => readState !== 'unread' || each.unreadCount > 0)
    const to = Number(cursor) + limit
    return { convos: wanted.slice(Number(cursor), to), ...(to < wanted.length ? { cursor: String(to) } : {}) }
  })
  method('chat.bsky.convo.getMessages', async (me, { convoId, limit = 50, cursor = '0' }) => {
    const convo = found(me, convoId)
    const to = Number(cursor) + limit
    const newest = [...convo.messages].reverse()
    return { messages: newest.slice(Number(cursor), to).map(typed), ...(to < newest.length ? { cursor: String(to) } : {}) }
  })
  method('chat.bsky.convo.sendMessage', async (me, { convoId, message }) => {
    const convo = found(me, convoId)
    const { text, facets } = message
    const made = { id: id(), rev: rev(), text, ...(facets ? { facets } : {}), sender: { did: me }, sentAt: new Date().toISOString() }
    convo.messages.push(made)
    convo.rev = made.rev
    tell(convo, { $type: 'chat.bsky.convo.defs#logCreateMessage', rev: made.rev, message: typed(made) })
    return made
  })
  method('chat.bsky.convo.getLog', async (me, { cursor = '' }) => {
    const after = (logs.get(me) ?? []).filter((each) => each.rev > cursor).slice(0, 5)
    return { logs: after, ...(after.length ? { cursor: after.at(-1).rev } : {}) }
  })

  await new Promise((resolve) => server.router.listen(port, resolve))
}
