#!/usr/bin/env node
'use strict'

// Starts the program for this machine, and as far as Node.js allows becomes it.

const { spawn, spawnSync } = require('child_process')
const fs = require('fs')
const os = require('os')
const path = require('path')
const tty = require('tty')

// Go's names for Node's architectures.
const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' }

const FORWARDED = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2']
// What a terminal sends to the program as well, since it is in the same process group.
const TYPED = ['SIGINT', 'SIGQUIT']

function fail (message) {
  fs.writeSync(2, `viberun: ${message}\n`)
  process.exit(1)
}

function isExecutable (file) {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return fs.statSync(file).isFile()
  } catch {
    return false
  }
}

// The python3 that PATH names. That of macOS itself only opens a dialog where the Command Line Tools are not installed.
function python3 () {
  const folders = (process.env.PATH || '').split(':').filter(path.isAbsolute)
  const found = folders.map(folder => path.join(folder, 'python3')).find(isExecutable)
  const works = found !== '/usr/bin/python3' || spawnSync('/usr/bin/xcode-select', ['-p'], { stdio: 'ignore' }).status === 0
  if (found && works) return found
  return fail('needs Python 3.9 or newer, and there is no python3 here; install it with "xcode-select --install", or from https://www.python.org/downloads/')
}

// The vendored program. It is handed to what interprets it, so it need not have kept its executable bit.
function command () {
  const { platform, arch } = process
  if (platform === 'win32') {
    fail('does not run on Windows itself; run it in WSL, which "wsl --install" sets up')
  }
  if (!['linux', 'darwin'].includes(platform) || !(arch in ARCHITECTURES)) {
    fail(`does not run on ${platform} with ${arch}; use it on Linux or macOS with x64 or arm64`)
  }
  const program = path.join(__dirname, '..', 'vendor', `${platform}-${ARCHITECTURES[arch]}`, 'viberun')
  if (!fs.existsSync(program)) {
    fail(`${program} is missing; install viberun again`)
  }
  return [platform === 'linux' ? '/bin/sh' : python3(), program]
}

// For a Node.js that can't replace itself by the program: hands signals to it, and ends as it ends.
function supervise (file, args) {
  const typed = tty.isatty(0) ? TYPED : []
  for (const signal of FORWARDED) { // before there is a child: one may come at once
    process.on(signal, () => typed.includes(signal) || child.kill(signal))
  }
  const child = spawn(file, args, { stdio: 'inherit' })
  child.on('error', error => fail(`${file} can't be started: ${error.message}`))
  child.on('exit', (status, signal) => {
    if (signal === null) process.exit(status)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
    process.exit(128 + os.constants.signals[signal]) // one that Node.js ignores
  })
}

function main () {
  const [file, program] = command()
  const args = [program, ...process.argv.slice(2)]
  process.env.VIBERUN_INSTALL_METHOD ||= __dirname.split(path.sep).includes('_npx') ? 'npx' : 'npm'
  if (process.execve) process.execve(file, [path.basename(file), ...args], process.env)
  supervise(file, args)
}

main()
