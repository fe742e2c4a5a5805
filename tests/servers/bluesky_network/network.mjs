// A Bluesky of the tests' own: directory of identities, personal data server and AppView, as they
// are published, and a stand-in of the chat service, which is not. Everything on loopback.
import dns from 'node:dns'
import fs from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'

// The servers would listen on every interface, and look names up outside.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (port, ...rest) {
  if (typeof port === 'object') return listen.call(this, { ...port, host: '127.0.0.1' }, ...rest)
  const after = rest.find((each) => typeof each === 'function')
  return listen.call(this, port, '127.0.0.1', ...(after ? [after] : []))
}
const lookup = dns.lookup
dns.lookup = (name, options, answer) => {
  if (typeof options === 'function') [options, answer] = [{}, options]
  if (name === 'localhost') return lookup('127.0.0.1', options, answer)
  if (net.isIP(name)) return lookup(name, options, answer)
  const refused = Object.assign(new Error(`${name} is not on this computer`), { code: 'ENOTFOUND' })
  process.nextTick(answer, refused)
}
for (const each of [dns, dns.promises]) {
  each.resolveTxt = async () => { throw Object.assign(new Error('no names outside'), { code: 'ENOTFOUND' }) }
}

const { PDS } = await import('@atproto/pds')
const appview = await import('@atproto/bsky')
const plc = await import('@did-plc/server')
const { Client: PlcClient } = await import('@did-plc/lib')
const { Secp256k1Keypair } = await import('@atproto/crypto')
const { startChat } = await import('./chat.mjs')

const given = JSON.parse(process.argv[2])
const url = (port) => `http://localhost:${port}`

const directory = plc.PlcServer.create({ db: plc.Database.mock(), port: given.ports.plc })
await directory.start()
const identities = new PlcClient(url(given.ports.plc))

const key = await Secp256k1Keypair.create({ exportable: true })
const rotation = Buffer.from(await key.export()).toString('hex')
const service = async (handle, id, type, port) => {
  const did = await identities.createDid({ signingKey: key.did(), rotationKeys: [key.did()], handle, pds: url(port), signer: key })
  await identities.updateData(did, key, (data) => {
    data.services[id] = { type, endpoint: url(port) }
    return data
  })
  return did
}
const appviewDid = await service('appview.test', 'bsky_appview', 'BskyAppView', given.ports.appview)
const chatDid = await service('chat.test', 'bsky_chat', 'BskyChatService', given.ports.chat)

const data = path.join(given.directory, 'pds')
await fs.mkdir(data, { recursive: true })
const pds = await PDS.fromEnv({
  devMode: true,
  port: given.ports.pds,
  hostname: 'localhost',
  dataDirectory: data,
  blobstoreDiskLocation: path.join(given.directory, 'blobs'),
  didPlcUrl: url(given.ports.plc),
  adminPassword: 'admin-pass',
  jwtSecret: given.secret,
  recoveryDidKey: key.did(),
  plcRotationKeyK256PrivateKeyHex: rotation,
  serviceHandleDomains: ['.test'],
  bskyAppViewUrl: url(given.ports.appview),
  bskyAppViewDid: appviewDid,
  modServiceUrl: url(given.ports.appview),
  modServiceDid: appviewDid,
  inviteRequired: false,
  disableSsrfProtection: true,
  rateLimitsEnabled: true,
  enableDidDocWithSession: true,
})

const db = new appview.Database({ url: given.database, schema: 'appview', poolSize: 10 })
await db.migrateToLatestOrThrow()
const dataplane = await appview.DataPlaneServer.create(db, given.ports.dataplane, url(given.ports.plc), globalThis.fetch)
const view = appview.BskyAppView.create({
  signingKey: key,
  config: new appview.ServerConfig({
    version: 'tests',
    port: given.ports.appview,
    didPlcUrl: url(given.ports.plc),
    publicUrl: url(given.ports.appview),
    serverDid: appviewDid,
    alternateAudienceDids: [],
    dataplaneUrls: [url(given.ports.dataplane)],
    dataplaneHttpVersion: '1.1',
    bsyncUrl: url(given.ports.nobody),
    bsyncHttpVersion: '1.1',
    modServiceDid: appviewDid,
    labelsFromIssuerDids: [],
    bigThreadUris: new Set(),
    maxThreadParents: 50,
    disableSsrfProtection: true,
    searchTagsHide: new Set(),
    searchTagsHideAll: new Set(),
    threadTagsBumpDown: new Set(),
    threadTagsHide: new Set(),
    visibilityTagHide: '',
    visibilityTagRankPrefix: '',
    debugFieldAllowedDids: new Set(),
    draftsLimit: 500,
    feedGenSkeletonTimeout: 5000,
    adminPasswords: ['admin-pass'],
    etcdHosts: [],
    blobCacheLocation: path.join(given.directory, 'cache'),
  }),
})
// Handles of the tests belong to nobody's domain: their server says whose they are.
for (const resolver of [pds.ctx.idResolver, view.ctx.idResolver, dataplane.idResolver]) {
  resolver.handle.resolve = async (handle) => {
    const answer = await fetch(`${url(given.ports.pds)}/xrpc/com.atproto.identity.resolveHandle?handle=${handle}`)
    return answer.ok ? (await answer.json()).did : undefined
  }
}
await view.start()
await pds.start()
const subscription = new appview.RepoSubscription({ service: `ws://localhost:${given.ports.pds}`, db, idResolver: dataplane.idResolver })
void subscription.start()
await startChat(given.ports.chat, chatDid, identities)

process.stdout.write(`${JSON.stringify({ chat: chatDid })}\n`)
