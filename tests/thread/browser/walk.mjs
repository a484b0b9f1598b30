// Walks one question's journey in Chromium on Bia's own pages, against a server that runs already.
import { Reader, launch } from "../../../clients/browser/reader.mjs"
import { AxiosFace, Tally, args } from "../../../clients/node/lib.mjs"
import { PASSWORD, Site } from "../sdk/site.mjs"

const opt = args({ question: "", server: "1", public: "", admin: "", proxy: "", chromium: "/usr/bin/chromium" })
const t = new Tally("", true)
// A journey is a list of functions, one for each server that the question's page starts.
const { default: steps } = await import(`./${opt.question}.mjs`)
const site = new Site(new AxiosFace(opt.public, opt.admin), opt)
const browser = await launch(opt.chromium)

class Visitor extends Reader {
  async signIn(identifier) {
    await this.signInAs(identifier, PASSWORD)
  }
}

// Somebody at a browser of their own; `base` where the pages are, if not at the server's own address.
const visitor = (base = opt.public) => new Visitor().come(browser, t, { base })
// Somebody with an account, in front of the form in which they would sign in.
visitor.atSignIn = async (walk) => {
  const { traits } = await site.person()
  await (await visitor()).journey(async (v) => {
    await v.open("/ui/login")
    await v.at("Sign in")
    await walk(v, traits.email)
  })
}

await t.journey(`${opt.question} in Chromium, server ${opt.server}`, () => steps[opt.server - 1](site, t, visitor))
await browser.close()
console.log(`${t.passed} passed, ${t.failed} failed`)
process.exit(t.failed ? 1 : 0)
