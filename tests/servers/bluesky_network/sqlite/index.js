// better-sqlite3 as far as the PDS uses it, on the SQLite that Node has: nothing has to be compiled.
const { DatabaseSync } = require('node:sqlite')

const CODES = { 5: 'SQLITE_BUSY', 517: 'SQLITE_BUSY_SNAPSHOT', 2067: 'SQLITE_CONSTRAINT_UNIQUE', 1555: 'SQLITE_CONSTRAINT_PRIMARYKEY' }

function named(work) {
  try {
    return work()
  } catch (error) {
    if (error.errcode in CODES) error.code = CODES[error.errcode]
    throw error
  }
}

const values = (given) => given.flat().map((each) => (typeof each === 'boolean' ? Number(each) : each))

class Statement {
  constructor(statement) {
    this.statement = statement
    this.reader = statement.columns().length > 0
  }

  all(...given) {
    return named(() => this.statement.all(...values(given)).map(withBuffers))
  }

  run(...given) {
    return named(() => this.statement.run(...values(given)))
  }

  *iterate(...given) {
    for (const row of this.statement.iterate(...values(given))) yield withBuffers(row)
  }
}

function withBuffers(row) {
  const made = { ...row }
  for (const [name, value] of Object.entries(made)) {
    if (value instanceof Uint8Array) made[name] = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
  return made
}

module.exports = class Database {
  constructor(location, { timeout = 0 } = {}) {
    this.database = new DatabaseSync(location, { timeout })
  }

  prepare(sql) {
    return named(() => new Statement(this.database.prepare(sql)))
  }

  exec(sql) {
    named(() => this.database.exec(sql))
  }

  pragma(words) {
    return this.prepare(`PRAGMA ${words}`).all()
  }

  close() {
    this.database.close()
  }
}
