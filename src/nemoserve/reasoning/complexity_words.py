"""Words that tell something of how hard a question is, in groups with a name for people. Knows words of five languages; no weights."""

from __future__ import annotations

from typing import Final

GROUPS: Final[dict[str, str]] = {
    "proof words": (
        "prove proof proves show derive derivation theorem lemma induction formalise formalize formal valid invariant invariants "
        "rigorous rigorously deduce contradiction demonstrate optimal optimality conjecture axiom beweise beweis zeige démontre "
        "démontrer demuestra demostrar dimostra justify verify counterexample generalise generalize verallgemeinere"
    ),
    "mathematics": (
        "equation equations integral derivative matrix eigenvalues eigenvectors polynomial function functions integer integers prime "
        "primes probability expected factorial modulo mod logarithm sine cosine vector group differential continuous theorem "
        "subsequence permutation permutations combinations graph recurrence system coprime divisible divisor boolean karnaugh "
        "mean median average percent percentage square root sum product solve solution solutions gleichung wahrscheinlichkeit "
        "velocity friction mass acceleration redox molar"
    ),
    "arithmetic words": (
        "plus minus times divided divide multiply multiplied add added subtract total altogether sum difference product quotient "
        "calculate compute evaluate average percent half twice double triple dozen remainder left each per convert prozent "
        "geteilt mal fois divisé más menos por ciento quanto cuánto combien wieviel"
    ),
    "amounts and times": (
        "days weeks months years hours minutes seconds day week month year hour minute kilometres kilometers km metres meters "
        "miles kg grams litres liters dollars euros cost costs price age old older younger speed distance tage wochen jahre "
        "binary decimal hexadecimal fahrenheit celsius weekday tuesday monday wednesday thursday friday saturday sunday"
    ),
    "letters and lists": (
        "letter letters vowels vowel count spell spelled reverse reversed backwards sort sorted alphabetical alphabetically "
        "ascending descending order palindrome anagram unscramble sequence"
    ),
    "reasoning words": (
        "why reason reasons because explain analyse analyze analysis evaluate assess argue argument arguments critically derive "
        "infer imply implies conclude assumption assumptions hypothesis hypotheses cause causes step steps carefully justify "
        "warum begründe analysiere pourquoi analyse por qué analiza estimate uncertainty diagnosis differential interpret"
    ),
    "comparison": (
        "compare comparison versus vs pros cons tradeoff trade-off tradeoffs better best worst choose recommend decide difference "
        "advantages disadvantages alternatives approaches vergleiche vor- nachteile avantages inconvénients ventajas which"
    ),
    "planning": (
        "plan planning schedule timetable itinerary strategy roadmap migration migrate assign seating allocate optimise optimize "
        "minimal minimise minimize maximise maximize budget arrange organise organize rollback entwirf plane planifie"
    ),
    "constraints": (
        "must cannot mustn't only exactly least most without except unless neither nor both every all none never always "
        "constraints constraint conditions condition given such not between below above maximum minimum if jeder nur"
    ),
    "design": (
        "design architecture architect system scalable distributed schema latency throughput consistency availability concurrency "
        "thread-safe lock-free deadlock deadlocks leak leaks memory replication protocol failover security vulnerabilities "
        "vulnerability model financial"
    ),
    "programming": (
        "code function script program class method api python javascript java rust go c++ sql query regex html css bash shell "
        "docker dockerfile react flask node json csv algorithm compile compiler parser test tests unit loop array list dict "
        "string database table index git implement"
    ),
    "debugging": (
        "bug bugs debug fix fails fail failing failed error errors exception traceback crash crashes crashed broken wrong "
        "review refactor optimise optimize slow profile reverse-engineer undefined null nullpointer segfault"
    ),
    "puzzles": (
        "puzzle riddle knight knave liar coins weighings weighing river cross sudoku tournament houses lives strategy game "
        "dice die balls drawn cards tiles tile board pipes tank train trains meet"
    ),
    "long writing": (
        "essay article story chapter novel speech comprehensive detailed detail details thorough thoroughly depth in-depth guide "
        "overview outline report ausführlich ausführlichen aufsatz détaillé ensayo detallado press eulogy sonnet letter landing "
        "history philosophy historians words consequences"
    ),
    "short writing": (
        "short shorter brief briefly tweet haiku note title name names rhyme poem joke message synonym synonyms antonym antonyms "
        "sentence headline caption bullet quick simple simply one kurz kurzen"
    ),
    "saying otherwise": (
        "translate translation übersetze traduce traduis rephrase rewrite summarise summarize summary tl;dr tldr correct grammar "
        "typos polite formal formally politely paraphrase shorten uppercase lowercase format tense voice case"
    ),
    "taking out": (
        "extract classify classification sentiment label tag identify find mentioned spam category json field fields positive "
        "negative return"
    ),
    "asking a fact": (
        "who when where capital author wrote painted invented country currency language tall largest biggest mean means meaning "
        "define definition called stand stands wer wo wann wie heißt hauptstadt quelle capitale cuál dónde quién symbol planet"
    ),
    "small talk": (
        "hi hello hey thanks thank bye good morning evening night please sorry ok okay yes no lol cool great welcome how's "
        "hola bonjour ciao danke hallo merci gracias you your are"
    ),
    "how to": (
        "how do reset install open boil cook recipe wear use shortcut keyboard copy paste exit set turn play send"
    ),
    "referring back": "it that this those these them which second first other again same previous above earlier now so and",
}  # fmt: skip

GROUP_OF: Final[dict[str, tuple[str, ...]]] = {}
"""A word's groups."""
for _group, _words in GROUPS.items():
    for _word in _words.split():
        if _group not in GROUP_OF.get(_word, ()):
            GROUP_OF[_word] = (*GROUP_OF.get(_word, ()), _group)
