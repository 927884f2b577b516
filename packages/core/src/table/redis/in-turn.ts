/** Questions under way at once, so that those of requests come in between. */
const AT_ONCE = 64

/** Some at once, and the answers in the order of the questions. */
export async function inTurn<Q, A>(
  questions: readonly Q[],
  ask: (question: Q) => Promise<A>,
): Promise<readonly A[]> {
  const answers = new Array<A>(questions.length)
  let next = 0
  const worker = async () => {
    while (next < questions.length) {
      const place = next++
      answers[place] = await ask(questions[place] as Q)
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, questions.length) }, worker))
  return answers
}
