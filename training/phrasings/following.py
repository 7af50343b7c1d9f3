"""Questions that are asked under a rule about the form of the answer."""

SUMS = (
    "What is {a} + {b}?", "What is {a} plus {b}?", "{a} + {b}", "{a}+{b}", "Add {a} and {b}.", "How much is {a} + {b}?", "Calculate {a} + {b}.", "What do {a} and {b} make?", "Sum of {a} and {b}?", "{a} and {b} is what?", "Please add {a} and {b}.", "What does {a} + {b} make?", "Tell me {a} + {b}.", "Compute {a} + {b}.", "Work out {a}+{b}.", "{a} plus {b}?",
    "What's {a} + {b}?", "{a} + {b}?", "{a} + {b} =", "{a} + {b} = ?", "{a} + {b} is what?", "{a} + {b} makes what?", "What does {a} + {b} give?", "Please calculate {a} + {b}.", "Please compute {a} + {b}.", "Work out {a} + {b}.",
    "Give me {a} + {b}.", "Find {a} + {b}.", "Solve {a} + {b}.", "I need {a} + {b}.", "The result of {a} + {b}?", "What do I get for {a} + {b}?", "What do you get for {a} + {b}?", "What's {a} plus {b}?",
    "How much is {a} plus {b}?", "{a} plus {b} =", "{a} plus {b} = ?", "{a} plus {b} is what?", "{a} plus {b} makes what?", "What does {a} plus {b} make?", "What does {a} plus {b} give?", "Please calculate {a} plus {b}.",
    "Please compute {a} plus {b}.", "Compute {a} plus {b}.", "Work out {a} plus {b}.", "Tell me {a} plus {b}.", "Give me {a} plus {b}.", "Find {a} plus {b}.", "Solve {a} plus {b}.", "I need {a} plus {b}.",
    "The result of {a} plus {b}?", "What do I get for {a} plus {b}?", "What do you get for {a} plus {b}?", "I would like to know what {a} plus {b} makes.", "Tell me how much {a} plus {b} is.",
    "Do you know how much {a} + {b} makes?", "Do you know what {a} plus {b} makes?", "Say what {a} + {b} is.", "Can you tell me how much {a} plus {b} is?", "Please tell me how much {a} plus {b} is.",
    "Please tell me what {a} + {b} is.", "Please tell me how much {a} + {b} makes.", "Tell me what {a} + {b} is.", "Do you know how much {a} plus {b} is?", "Tell me how much {a} + {b} makes.", "Add {a} to {b}.",
    "Please add {a} to {b}.", "Add up {a} and {b}.", "Put {a} and {b} together.", "{a} and {b} make what?", "{a} and {b} together?", "How much are {a} and {b} together?", "What are {a} and {b} together?",
    "If I have {a} and get {b} more, how many do I have?", "I have {a} and get {b} more. How many is that?", "What do you get if you add {a} and {b}?", "What do I get if I add {b} to {a}?", "The sum of {a} and {b}?",
    "What is the sum of {a} and {b}?", "What's the sum of {a} and {b}?", "Give me the sum of {a} and {b}.", "Tell me the sum of {a} and {b}.", "Find the sum of {a} and {b}.", "I need the sum of {a} and {b}.",
    "Please give the sum of {a} and {b}.",
)  # fmt: skip

DIFFERENCES = (
    "What is {a} - {b}?", "What is {a} minus {b}?", "{a} - {b}", "{a}-{b}", "Take {b} from {a}.", "How much is {a} - {b}?", "Calculate {a} - {b}.", "{a} minus {b}?", "Subtract {b} from {a}.",
    "What's {a} - {b}?", "{a} - {b}?", "{a} - {b} =", "{a} - {b} = ?", "{a} - {b} is what?", "{a} - {b} makes what?", "What does {a} - {b} make?", "What does {a} - {b} give?", "Please calculate {a} - {b}.",
    "Please compute {a} - {b}.", "Compute {a} - {b}.", "Work out {a} - {b}.", "Tell me {a} - {b}.", "Give me {a} - {b}.", "Find {a} - {b}.", "Solve {a} - {b}.", "I need {a} - {b}.", "The result of {a} - {b}?",
    "What do I get for {a} - {b}?", "What do you get for {a} - {b}?", "What's {a} minus {b}?", "How much is {a} minus {b}?", "{a} minus {b} =", "{a} minus {b} = ?", "{a} minus {b} is what?", "{a} minus {b} makes what?",
    "What does {a} minus {b} make?", "What does {a} minus {b} give?", "Please calculate {a} minus {b}.", "Please compute {a} minus {b}.", "Compute {a} minus {b}.", "Work out {a} minus {b}.", "Tell me {a} minus {b}.",
    "Give me {a} minus {b}.", "Find {a} minus {b}.", "Solve {a} minus {b}.", "I need {a} minus {b}.", "The result of {a} minus {b}?", "What do I get for {a} minus {b}?", "What do you get for {a} minus {b}?",
    "I would like to know what {a} minus {b} makes.", "Tell me how much {a} minus {b} is.", "Do you know how much {a} - {b} makes?", "Do you know what {a} minus {b} makes?", "Say what {a} - {b} is.",
    "Can you tell me how much {a} minus {b} is?", "Please tell me how much {a} minus {b} is.", "Please tell me what {a} - {b} is.", "Please tell me how much {a} - {b} makes.", "Tell me what {a} - {b} is.",
    "Do you know how much {a} minus {b} is?", "Tell me how much {a} - {b} makes.", "Take away {b} from {a}.", "Please take {b} from {a}.", "Please subtract {b} from {a}.", "{a} take away {b}?", "{b} less than {a}?",
    "What is {b} less than {a}?", "If I have {a} and lose {b}, how many are left?", "I have {a} and give away {b}. How many are left?", "How many are left if I take {b} from {a}?", "What is left if you take {b} from {a}?",
    "What do you get if you subtract {b} from {a}?", "What do I get if I take away {b} from {a}?", "The difference of {a} and {b}?", "Difference of {a} and {b}?", "What is the difference of {a} and {b}?",
    "What's the difference of {a} and {b}?", "Give me the difference of {a} and {b}.", "Tell me the difference of {a} and {b}.", "Find the difference of {a} and {b}.", "I need the difference of {a} and {b}.",
    "Please give the difference of {a} and {b}.",
)  # fmt: skip

PRODUCTS = (
    "What is {a} * {b}?", "What is {a} times {b}?", "{a} * {b}", "{a}*{b}", "Multiply {a} by {b}.", "How much is {a} times {b}?", "Calculate {a} * {b}.", "{a} times {b}?", "What is {a} x {b}?",
    "What's {a} * {b}?", "How much is {a} * {b}?", "{a} * {b}?", "{a} * {b} =", "{a} * {b} = ?", "{a} * {b} is what?", "{a} * {b} makes what?", "What does {a} * {b} make?", "What does {a} * {b} give?",
    "Please calculate {a} * {b}.", "Please compute {a} * {b}.", "Compute {a} * {b}.", "Work out {a} * {b}.", "Tell me {a} * {b}.", "Give me {a} * {b}.", "Find {a} * {b}.", "Solve {a} * {b}.", "I need {a} * {b}.",
    "The result of {a} * {b}?", "What do I get for {a} * {b}?", "What do you get for {a} * {b}?", "What's {a} times {b}?", "{a} times {b} =", "{a} times {b} = ?", "{a} times {b} is what?", "{a} times {b} makes what?",
    "What does {a} times {b} make?", "What does {a} times {b} give?", "Please calculate {a} times {b}.", "Please compute {a} times {b}.", "Compute {a} times {b}.", "Work out {a} times {b}.", "Tell me {a} times {b}.",
    "Give me {a} times {b}.", "Find {a} times {b}.", "Solve {a} times {b}.", "I need {a} times {b}.", "The result of {a} times {b}?", "What do I get for {a} times {b}?", "What do you get for {a} times {b}?",
    "I would like to know what {a} times {b} makes.", "Tell me how much {a} times {b} is.", "Do you know how much {a} * {b} makes?", "Do you know what {a} times {b} makes?", "Say what {a} * {b} is.",
    "Can you tell me how much {a} times {b} is?", "Please tell me how much {a} times {b} is.", "Please tell me what {a} * {b} is.", "Please tell me how much {a} * {b} makes.", "Tell me what {a} * {b} is.",
    "Do you know how much {a} times {b} is?", "Tell me how much {a} * {b} makes.", "Multiply {a} and {b}.", "Please multiply {a} by {b}.", "Please multiply {a} and {b}.", "{a} multiplied by {b}?", "What is {a} multiplied by {b}?",
    "{a} x {b}", "{a} x {b}?", "How much is {a} x {b}?", "Calculate {a} x {b}.", "{a} bags with {b} each: how many?", "What do you get if you multiply {a} by {b}?", "What do I get if I multiply {a} and {b}?",
    "The product of {a} and {b}?", "Product of {a} and {b}?", "What is the product of {a} and {b}?", "What's the product of {a} and {b}?", "Give me the product of {a} and {b}.", "Tell me the product of {a} and {b}.",
    "Find the product of {a} and {b}.", "I need the product of {a} and {b}.", "Please give the product of {a} and {b}.",
)  # fmt: skip

BIGGER = (
    "Which is bigger, {a} or {b}?", "What is the larger number, {a} or {b}?", "Which number is greater: {a} or {b}?", "{a} or {b}: which is bigger?", "Name the bigger of {a} and {b}.", "Which is more, {a} or {b}?",
    "Max of {a} and {b}?",
    "Which is bigger: {a} or {b}?", "Which is the bigger one, {a} or {b}?", "Which number is bigger, {a} or {b}?", "What is bigger, {a} or {b}?", "What number is bigger: {a} or {b}?", "{a} or {b}, which is bigger?",
    "{a} or {b}, which one is bigger?", "Is {a} or {b} bigger?", "Tell me which is bigger, {a} or {b}.", "Please tell me which is bigger: {a} or {b}.", "Say which one is bigger, {a} or {b}.", "Which of {a} and {b} is bigger?",
    "Which one of {a} and {b} is bigger?", "Of {a} and {b}, which is bigger?", "Of {a} and {b}, which number is bigger?", "Which is larger: {a} or {b}?", "Which is the larger one, {a} or {b}?",
    "Which number is larger, {a} or {b}?", "What is larger, {a} or {b}?", "What number is larger: {a} or {b}?", "{a} or {b}, which is larger?", "{a} or {b}, which one is larger?", "Is {a} or {b} larger?",
    "Tell me which is larger, {a} or {b}.", "Please tell me which is larger: {a} or {b}.", "Say which one is larger, {a} or {b}.", "Which of {a} and {b} is larger?", "Which one of {a} and {b} is larger?",
    "Of {a} and {b}, which is larger?", "Of {a} and {b}, which number is larger?", "Which is greater: {a} or {b}?", "Which is the greater one, {a} or {b}?", "Which number is greater, {a} or {b}?", "What is greater, {a} or {b}?",
    "What number is greater: {a} or {b}?", "{a} or {b}, which is greater?", "{a} or {b}, which one is greater?", "Is {a} or {b} greater?", "Tell me which is greater, {a} or {b}.", "Please tell me which is greater: {a} or {b}.",
    "Say which one is greater, {a} or {b}.", "Which of {a} and {b} is greater?", "Which one of {a} and {b} is greater?", "Of {a} and {b}, which is greater?", "Of {a} and {b}, which number is greater?",
    "Which is higher: {a} or {b}?", "Which is the higher one, {a} or {b}?", "Which number is higher, {a} or {b}?", "What is higher, {a} or {b}?", "What number is higher: {a} or {b}?", "{a} or {b}, which is higher?",
    "{a} or {b}, which one is higher?", "Is {a} or {b} higher?", "Tell me which is higher, {a} or {b}.", "Please tell me which is higher: {a} or {b}.", "Say which one is higher, {a} or {b}.", "Which of {a} and {b} is higher?",
    "Which one of {a} and {b} is higher?", "Of {a} and {b}, which is higher?", "Of {a} and {b}, which number is higher?", "Name the bigger one of {a} and {b}.", "Name the bigger number: {a} or {b}.",
    "Give me the bigger one of {a} and {b}.", "Pick the bigger number: {a} or {b}.", "Pick the bigger one, {a} or {b}.", "Choose the bigger of {a} and {b}.", "I need the bigger of {a} and {b}.", "Find the bigger of {a} and {b}.",
    "The bigger one of {a} and {b}?", "Name the larger one of {a} and {b}.", "Name the larger number: {a} or {b}.", "Give me the larger one of {a} and {b}.", "Pick the larger number: {a} or {b}.",
    "Pick the larger one, {a} or {b}.", "Choose the larger of {a} and {b}.", "I need the larger of {a} and {b}.", "Find the larger of {a} and {b}.", "The larger one of {a} and {b}?", "Name the greater one of {a} and {b}.",
    "Name the greater number: {a} or {b}.", "Give me the greater one of {a} and {b}.", "Pick the greater number: {a} or {b}.", "Pick the greater one, {a} or {b}.", "Choose the greater of {a} and {b}.",
    "I need the greater of {a} and {b}.", "Find the greater of {a} and {b}.", "The greater one of {a} and {b}?", "Biggest of {a} and {b}?", "Biggest: {a}, {b}", "max({a}, {b})", "max {a} {b}", "What is the max of {a} and {b}?",
    "Give the max of {a} and {b}.", "Find the max of {a} and {b}.",
)  # fmt: skip

SMALLER = (
    "Which is smaller, {a} or {b}?", "What is the smaller number, {a} or {b}?", "Which number is less: {a} or {b}?", "{a} or {b}: which is smaller?", "Name the smaller of {a} and {b}.", "Which is less, {a} or {b}?",
    "Min of {a} and {b}?",
    "Which is smaller: {a} or {b}?", "Which is the smaller one, {a} or {b}?", "Which number is smaller, {a} or {b}?", "What is smaller, {a} or {b}?", "What number is smaller: {a} or {b}?", "{a} or {b}, which is smaller?",
    "{a} or {b}, which one is smaller?", "Is {a} or {b} smaller?", "Tell me which is smaller, {a} or {b}.", "Please tell me which is smaller: {a} or {b}.", "Say which one is smaller, {a} or {b}.",
    "Which of {a} and {b} is smaller?", "Which one of {a} and {b} is smaller?", "Of {a} and {b}, which is smaller?", "Of {a} and {b}, which number is smaller?", "Which is lower: {a} or {b}?", "Which is the lower one, {a} or {b}?",
    "Which number is lower, {a} or {b}?", "What is lower, {a} or {b}?", "What number is lower: {a} or {b}?", "{a} or {b}, which is lower?", "{a} or {b}, which one is lower?", "Is {a} or {b} lower?",
    "Tell me which is lower, {a} or {b}.", "Please tell me which is lower: {a} or {b}.", "Say which one is lower, {a} or {b}.", "Which of {a} and {b} is lower?", "Which one of {a} and {b} is lower?",
    "Of {a} and {b}, which is lower?", "Of {a} and {b}, which number is lower?", "Which is less: {a} or {b}?", "Which number is less, {a} or {b}?", "What is less, {a} or {b}?", "What number is less: {a} or {b}?",
    "{a} or {b}, which is less?", "{a} or {b}, which one is less?", "Is {a} or {b} less?", "Tell me which is less, {a} or {b}.", "Please tell me which is less: {a} or {b}.", "Say which one is less, {a} or {b}.",
    "Which of {a} and {b} is less?", "Which one of {a} and {b} is less?", "Of {a} and {b}, which is less?", "Of {a} and {b}, which number is less?", "Name the smaller one of {a} and {b}.", "Name the smaller number: {a} or {b}.",
    "Give me the smaller one of {a} and {b}.", "Pick the smaller number: {a} or {b}.", "Pick the smaller one, {a} or {b}.", "Choose the smaller of {a} and {b}.", "I need the smaller of {a} and {b}.",
    "Find the smaller of {a} and {b}.", "The smaller one of {a} and {b}?", "Name the lower one of {a} and {b}.", "Name the lower number: {a} or {b}.", "Give me the lower one of {a} and {b}.", "Pick the lower number: {a} or {b}.",
    "Pick the lower one, {a} or {b}.", "Choose the lower of {a} and {b}.", "I need the lower of {a} and {b}.", "Find the lower of {a} and {b}.", "The lower one of {a} and {b}?", "The less one of {a} and {b}?",
    "Smallest of {a} and {b}?", "Smallest: {a}, {b}", "min({a}, {b})", "min {a} {b}", "What is the min of {a} and {b}?", "Give the min of {a} and {b}.", "Find the min of {a} and {b}.",
)  # fmt: skip

FIRST = (
    "What is the first letter of {w}?", "First letter of {w}?", "Which letter does {w} start with?", "{w} starts with which letter?", "What letter is first in {w}?", "Give the first letter of {w}.",
    "Which letter is the first in {w}?", "Which letter is first in {w}?", "Which letter comes first in {w}?", "What letter comes first in {w}?", "What letter does {w} start with?", "What letter does {w} begin with?",
    "Which letter does {w} begin with?", "With which letter does {w} begin?", "With which letter does {w} start?", "{w} begins with which letter?", "{w} begins with what letter?", "{w} starts with what letter?",
    "{w}: first letter?", "first letter {w}", "The first letter of {w}?", "The first letter of the word {w}?", "First letter of the word {w}?", "First letter in {w}?", "What is the first letter in {w}?",
    "What is the first letter of the word {w}?", "What's the first letter of {w}?", "What's the first letter in the word {w}?", "Give me the first letter of {w}.", "Give the first letter of the word {w}.",
    "Tell me the first letter of {w}.", "Tell me the first letter in the word {w}.", "Name the first letter of {w}.", "Name the letter that {w} starts with.", "Name the letter that {w} begins with.",
    "Write the first letter of {w}.", "Say the first letter of {w}.", "Find the first letter of {w}.", "Please give the first letter of {w}.", "Please name the first letter of the word {w}.", "I need the first letter of {w}.",
    "The word is {w}. What is its first letter?", "The word is {w}. Which letter is first?", "The word {w} starts with which letter?", "The word {w} begins with which letter?", "How does {w} begin? Name the letter.",
    "Look at the word {w}. What is the first letter?", "Tell me which letter comes first in {w}.", "Can you tell me what letter {w} begins with?", "Do you know which letter {w} starts with?",
    "Can you tell me which letter {w} starts with?", "Say what letter {w} begins with.", "I would like to know what letter {w} begins with.", "Please tell me the first letter of {w}.",
    "Please tell me what the first letter of {w} is.", "I want to know what letter {w} begins with.", "Could you tell me what the first letter of {w} is?", "I would like to know what the first letter of {w} is.",
    "Say which letter comes first in {w}.", "Tell me which letter {w} starts with.", "Could you tell me what letter {w} begins with?", "Tell me what letter {w} begins with.", "Do you know the first letter of {w}?",
    "I would like to know which letter comes first in {w}.", "I want to know which letter comes first in {w}.",
)  # fmt: skip

REPEAT = (
    "Repeat the word {w}.", "Say {w}.", "Write the word {w}.", "Repeat after me: {w}", "Say the word {w}.", "Copy this word: {w}", "Type {w}.", "Echo {w}",
    "Echo this word: {w}", "Repeat {w}.", "Please write this: {w}", "Just repeat the word {w}.", "Please say the word {w}.", "Echo {w}.", "Can you repeat {w}?", "Please copy this word: {w}", "Now say {w}.", "Type the word {w}.",
    "Please type this: {w}", "Just repeat this: {w}", "Echo the word {w}.", "Could you repeat {w}?", "Please repeat the word {w}.", "I want you to say the word {w}.", "I want you to write the word {w}.", "Please say {w}.",
    "Can you write the word {w}?", "Please write this word: {w}", "Can you say the word {w}?", "Can you say this: {w}", "Please type {w}.", "Now write {w}.", "I want you to write this: {w}", "Can you write this word: {w}",
    "Write this word: {w}", "Print {w}.", "Now say this: {w}", "Please repeat this: {w}", "Copy the word {w}.", "Can you write this: {w}", "Now write this word: {w}", "Now write this: {w}", "Please type the word {w}.",
    "Echo this: {w}", "Just say {w}.", "Please copy {w}.", "Can you say {w}?", "Could you repeat the word {w}?", "Just repeat {w}.", "Just say the word {w}.", "Please copy this: {w}", "Can you write {w}?",
    "Just repeat this word: {w}", "Could you repeat this word: {w}", "Could you repeat this: {w}", "Please say this word: {w}", "Just say this word: {w}", "The word is {w}. Repeat it.", "The word is {w}. Say it.",
    "The word is {w}. Write it.", "Here is a word: {w}. Repeat it.", "Here is a word: {w}. Write it.", "Here is a word: {w}. Copy it.", "Say after me: {w}", "Write after me: {w}", "echo: {w}", "repeat: {w}",
)  # fmt: skip

TRUTH = (
    "Is {a} bigger than {b}?", "Is {a} greater than {b}?", "Is {a} more than {b}?", "Is {a} larger than {b}?", "Is it true that {a} is bigger than {b}?",
    "Is the number {a} bigger than {b}?", "Is the number {a} bigger than the number {b}?", "{a} is bigger than {b}. Is that true?", "{a} is bigger than {b}. Is that right?", "{a} is bigger than {b}. True?",
    "{a} is bigger than {b}, right?", "{a} is bigger than {b}, is that right?", "Is it right that {a} is bigger than {b}?", "Is this true: {a} is bigger than {b}?", "Is this right: {a} is bigger than {b}?",
    "I say {a} is bigger than {b}. Is that true?", "Would you say that {a} is bigger than {b}?", "Do you think {a} is bigger than {b}?", "Am I right that {a} is bigger than {b}?", "Tell me if {a} is bigger than {b}.",
    "Is it true that {a} is greater than {b}?", "Is the number {a} greater than {b}?", "Is the number {a} greater than the number {b}?", "{a} is greater than {b}. Is that true?", "{a} is greater than {b}. Is that right?",
    "{a} is greater than {b}. True?", "{a} is greater than {b}, right?", "{a} is greater than {b}, is that right?", "Is it right that {a} is greater than {b}?", "Is this true: {a} is greater than {b}?",
    "Is this right: {a} is greater than {b}?", "I say {a} is greater than {b}. Is that true?", "Would you say that {a} is greater than {b}?", "Do you think {a} is greater than {b}?", "Am I right that {a} is greater than {b}?",
    "Tell me if {a} is greater than {b}.", "Is it true that {a} is more than {b}?", "Is the number {a} more than {b}?", "Is the number {a} more than the number {b}?", "{a} is more than {b}. Is that true?",
    "{a} is more than {b}. Is that right?", "{a} is more than {b}. True?", "{a} is more than {b}, right?", "{a} is more than {b}, is that right?", "Is it right that {a} is more than {b}?", "Is this true: {a} is more than {b}?",
    "Is this right: {a} is more than {b}?", "I say {a} is more than {b}. Is that true?", "Would you say that {a} is more than {b}?", "Do you think {a} is more than {b}?", "Am I right that {a} is more than {b}?",
    "Tell me if {a} is more than {b}.", "Is it true that {a} is larger than {b}?", "Is the number {a} larger than {b}?", "Is the number {a} larger than the number {b}?", "{a} is larger than {b}. Is that true?",
    "{a} is larger than {b}. Is that right?", "{a} is larger than {b}. True?", "{a} is larger than {b}, right?", "{a} is larger than {b}, is that right?", "Is it right that {a} is larger than {b}?",
    "Is this true: {a} is larger than {b}?", "Is this right: {a} is larger than {b}?", "I say {a} is larger than {b}. Is that true?", "Would you say that {a} is larger than {b}?", "Do you think {a} is larger than {b}?",
    "Am I right that {a} is larger than {b}?", "Tell me if {a} is larger than {b}.", "Is {a} higher than {b}?", "Is it true that {a} is higher than {b}?", "Is the number {a} higher than {b}?",
    "Is the number {a} higher than the number {b}?", "{a} is higher than {b}. Is that true?", "{a} is higher than {b}. Is that right?", "{a} is higher than {b}. True?", "{a} is higher than {b}, right?",
    "{a} is higher than {b}, is that right?", "Is it right that {a} is higher than {b}?", "Is this true: {a} is higher than {b}?", "Is this right: {a} is higher than {b}?", "I say {a} is higher than {b}. Is that true?",
    "Would you say that {a} is higher than {b}?", "Do you think {a} is higher than {b}?", "Am I right that {a} is higher than {b}?", "Tell me if {a} is higher than {b}.", "{a} > {b}?", "{a} > {b}: is that true?", "Is {a} > {b}?",
    "Is it true that {a} > {b}?", "{a} > {b}. Is that right?",
)  # fmt: skip

TRUTH_LESS = (
    "Is {a} smaller than {b}?", "Is {a} less than {b}?", "Is it true that {a} is smaller than {b}?",
    "Is the number {a} smaller than {b}?", "Is the number {a} smaller than the number {b}?", "{a} is smaller than {b}. Is that true?", "{a} is smaller than {b}. Is that right?", "{a} is smaller than {b}. True?",
    "{a} is smaller than {b}, right?", "{a} is smaller than {b}, is that right?", "Is it right that {a} is smaller than {b}?", "Is this true: {a} is smaller than {b}?", "Is this right: {a} is smaller than {b}?",
    "I say {a} is smaller than {b}. Is that true?", "Would you say that {a} is smaller than {b}?", "Do you think {a} is smaller than {b}?", "Am I right that {a} is smaller than {b}?", "Tell me if {a} is smaller than {b}.",
    "Is it true that {a} is less than {b}?", "Is the number {a} less than {b}?", "Is the number {a} less than the number {b}?", "{a} is less than {b}. Is that true?", "{a} is less than {b}. Is that right?",
    "{a} is less than {b}. True?", "{a} is less than {b}, right?", "{a} is less than {b}, is that right?", "Is it right that {a} is less than {b}?", "Is this true: {a} is less than {b}?", "Is this right: {a} is less than {b}?",
    "I say {a} is less than {b}. Is that true?", "Would you say that {a} is less than {b}?", "Do you think {a} is less than {b}?", "Am I right that {a} is less than {b}?", "Tell me if {a} is less than {b}.",
    "Is {a} lower than {b}?", "Is it true that {a} is lower than {b}?", "Is the number {a} lower than {b}?", "Is the number {a} lower than the number {b}?", "{a} is lower than {b}. Is that true?",
    "{a} is lower than {b}. Is that right?", "{a} is lower than {b}. True?", "{a} is lower than {b}, right?", "{a} is lower than {b}, is that right?", "Is it right that {a} is lower than {b}?",
    "Is this true: {a} is lower than {b}?", "Is this right: {a} is lower than {b}?", "I say {a} is lower than {b}. Is that true?", "Would you say that {a} is lower than {b}?", "Do you think {a} is lower than {b}?",
    "Am I right that {a} is lower than {b}?", "Tell me if {a} is lower than {b}.", "{a} < {b}?", "{a} < {b}: is that true?", "Is {a} < {b}?", "Is it true that {a} < {b}?", "{a} < {b}. Is that right?",
)  # fmt: skip

TRUTH_SUM = (
    "Is {a} + {b} equal to {c}?", "Does {a} plus {b} make {c}?", "{a} + {b} = {c}. Is that right?", "Is the sum of {a} and {b} {c}?", "Is it true that {a} + {b} = {c}?",
    "Is it right that {a} + {b} = {c}?", "{a} + {b} = {c}. Is that true?", "{a} + {b} = {c}. True?", "{a} + {b} = {c}, right?", "{a} + {b} = {c}, is that right?", "Is this true: {a} + {b} = {c}?",
    "Is this right: {a} + {b} = {c}?", "I say {a} + {b} = {c}. Is that true?", "Would you say that {a} + {b} = {c}?", "Do you think {a} + {b} = {c}?", "Am I right that {a} + {b} = {c}?", "Tell me if {a} + {b} = {c}.",
    "Is it true that {a} plus {b} is {c}?", "Is it right that {a} plus {b} is {c}?", "{a} plus {b} is {c}. Is that right?", "{a} plus {b} is {c}. Is that true?", "{a} plus {b} is {c}. True?", "{a} plus {b} is {c}, right?",
    "{a} plus {b} is {c}, is that right?", "Is this true: {a} plus {b} is {c}?", "Is this right: {a} plus {b} is {c}?", "I say {a} plus {b} is {c}. Is that true?", "Would you say that {a} plus {b} is {c}?",
    "Do you think {a} plus {b} is {c}?", "Am I right that {a} plus {b} is {c}?", "Tell me if {a} plus {b} is {c}.", "Is it true that {a} plus {b} makes {c}?", "Is it right that {a} plus {b} makes {c}?",
    "{a} plus {b} makes {c}. Is that right?", "{a} plus {b} makes {c}. Is that true?", "{a} plus {b} makes {c}. True?", "{a} plus {b} makes {c}, right?", "{a} plus {b} makes {c}, is that right?",
    "Is this true: {a} plus {b} makes {c}?", "Is this right: {a} plus {b} makes {c}?", "I say {a} plus {b} makes {c}. Is that true?", "Would you say that {a} plus {b} makes {c}?", "Do you think {a} plus {b} makes {c}?",
    "Am I right that {a} plus {b} makes {c}?", "Tell me if {a} plus {b} makes {c}.", "Is it true that {a} and {b} make {c}?", "Is it right that {a} and {b} make {c}?", "{a} and {b} make {c}. Is that right?",
    "{a} and {b} make {c}. Is that true?", "{a} and {b} make {c}. True?", "{a} and {b} make {c}, right?", "{a} and {b} make {c}, is that right?", "Is this true: {a} and {b} make {c}?", "Is this right: {a} and {b} make {c}?",
    "I say {a} and {b} make {c}. Is that true?", "Would you say that {a} and {b} make {c}?", "Do you think {a} and {b} make {c}?", "Am I right that {a} and {b} make {c}?", "Tell me if {a} and {b} make {c}.",
    "Is it true that the sum of {a} and {b} is {c}?", "Is it right that the sum of {a} and {b} is {c}?", "The sum of {a} and {b} is {c}. Is that right?", "The sum of {a} and {b} is {c}. Is that true?",
    "The sum of {a} and {b} is {c}. True?", "The sum of {a} and {b} is {c}, right?", "The sum of {a} and {b} is {c}, is that right?", "Is this true: the sum of {a} and {b} is {c}?", "Is this right: the sum of {a} and {b} is {c}?",
    "I say the sum of {a} and {b} is {c}. Is that true?", "Would you say that the sum of {a} and {b} is {c}?", "Do you think the sum of {a} and {b} is {c}?", "Am I right that the sum of {a} and {b} is {c}?",
    "Tell me if the sum of {a} and {b} is {c}.", "Is {a} + {b} {c}?", "Is {a} plus {b} {c}?", "Is {a} plus {b} equal to {c}?", "Is {c} equal to {a} + {b}?", "Is {c} the sum of {a} and {b}?", "Is {c} what {a} plus {b} makes?",
    "Do {a} and {b} make {c}?", "Do {a} and {b} add up to {c}?", "Does {a} + {b} make {c}?", "Does {a} + {b} equal {c}?", "Does {a} plus {b} equal {c}?", "If I add {a} and {b}, do I get {c}?", "Do I get {c} if I add {a} and {b}?",
    "{a} + {b} = {c}?", "{a}+{b}={c}?", "{a}+{b}={c}. Right?",
)  # fmt: skip

LIST_WORDS = (
    "List these: {l}", "List {l}.", "Here are some words: {l}. List them.", "Write down {l}.", "Make a list of {l}.", "List the words {l}.", "Show {l} as a list.", "Put {l} in a list.", "My shopping list: {l}.", "Give me the list of {l}.",
    "List this: {l}", "List these words: {l}", "List these things: {l}", "List all of these: {l}", "List the items {l}.", "List the things {l}.", "Please list {l}.", "Please list these: {l}", "Please list the words {l}.",
    "Can you list {l}?", "Can you list these words: {l}?", "Could you list {l}?", "I want a list of {l}.", "I want these in a list: {l}", "I need a list of {l}.", "I need a list with {l}.", "I have {l}. List them.",
    "I have {l}. Make a list.", "I need {l}. Write them down.", "I need to buy {l}. Make a list.", "I must buy {l}. List them.", "We need {l}. List these things.", "We have {l}. Write a list.", "The words are {l}. List them.",
    "The items are {l}. Write them down.", "The items: {l}. List them.", "Items: {l}", "Words: {l}", "list: {l}", "A list of {l}?", "A list of {l}, please.", "A list with {l}, please.", "Here is my list: {l}. Write it down.",
    "Here is a list: {l}. Show it.", "Here are some things: {l}. List them.", "Here are the items: {l}. Write a list.", "Write {l} as a list.", "Write {l} down.", "Write these words: {l}", "Write these down: {l}",
    "Write a list of {l}.", "Write a list with these words: {l}", "Write me a list of {l}.", "Make a list with {l}.", "Make a list of these words: {l}", "Make me a list of {l}.", "Make {l} into a list.", "Turn {l} into a list.",
    "Turn these words into a list: {l}", "Show these as a list: {l}", "Show me a list of {l}.", "Show me {l} as a list.", "Show the items {l}.", "Put these in a list: {l}", "Put these words in a list: {l}",
    "Put the items {l} in a list.", "Give a list of {l}.", "Give me a list of {l}.", "Give me {l} as a list.", "Give me these words as a list: {l}", "Print {l} as a list.", "Print a list of {l}.", "Print these items: {l}",
    "Format {l} as a list.", "Format these words as a list: {l}", "To buy: {l}. Make a list.", "Shopping: {l}. List the items.", "My list has {l}. Show it.",
)  # fmt: skip

LIST_NUMBERS = (
    "List the numbers from {a} to {b}.", "Count from {a} to {b}.", "Write the numbers {a} to {b}.", "Which numbers are there from {a} to {b}?", "Give me the numbers from {a} to {b}.", "Name all numbers from {a} to {b}.", "Show the numbers {a} to {b}.",
    "List all numbers from {a} to {b}.", "List the numbers {a} to {b}.", "List {a} to {b}.", "List every number from {a} to {b}.", "List the numbers between {a} and {b}, with both.", "Please list the numbers from {a} to {b}.",
    "Please count from {a} to {b}.", "Please count from {a} up to {b}.", "Please write the numbers from {a} to {b}.", "Can you count from {a} to {b}?", "Can you list the numbers from {a} to {b}?",
    "Could you count from {a} up to {b}?", "Could you write the numbers from {a} to {b}?", "Count up from {a} to {b}.", "Count from {a} up to {b}.", "Count for me from {a} to {b}.", "Start at {a} and count to {b}.",
    "Start with {a} and count up to {b}.", "Begin at {a} and count to {b}.", "Begin with {a} and stop at {b}. Count.", "Count, starting at {a} and ending at {b}.", "Starting at {a}, count to {b}.",
    "Starting with {a}, list all numbers up to {b}.", "From {a} to {b}, list all numbers.", "From {a} to {b}, name the numbers.", "From {a}, count up to {b}.", "The numbers from {a} to {b}?", "The numbers {a} to {b}, please.",
    "All numbers from {a} to {b}?", "All numbers from {a} to {b}, please.", "numbers {a} to {b}", "numbers from {a} to {b}", "count {a} to {b}", "Numbers {a} to {b}?", "What are the numbers from {a} to {b}?",
    "What numbers are there from {a} to {b}?", "What numbers go from {a} to {b}?", "Which numbers go from {a} to {b}?", "Which numbers come when I count from {a} to {b}?", "Show me the numbers from {a} to {b}.",
    "Show all numbers from {a} to {b}.", "Show me how you count from {a} to {b}.", "Write all numbers from {a} to {b}.", "Write down the numbers from {a} to {b}.", "Write every number from {a} to {b}.",
    "Name the numbers from {a} to {b}.", "Name every number from {a} to {b}.", "Give the numbers from {a} to {b}.", "Give me all numbers from {a} to {b}.", "Print the numbers from {a} to {b}.",
    "Print all numbers from {a} up to {b}.", "Say the numbers from {a} to {b}.", "Make a list of the numbers from {a} to {b}.", "Make a list from {a} to {b}.", "I want the numbers from {a} to {b}.",
    "I need all numbers from {a} to {b}.", "I would like a list of the numbers {a} to {b}.",
)  # fmt: skip

YES_NO = (
    "Answer only yes or no.", "Reply with yes or no.", "Say yes or no.", "Use only the words yes and no.", "Answer with exactly yes or no.", "You only say yes or no.", "Your answer is yes or no, nothing else.", "Only yes or no.",
    "Reply with the single word yes or no.", "Answer yes or no only.", "Please just yes or no.",
    "Answer yes or no.", "Answer with yes or no.", "Answer just yes or no.", "Answer with yes or no only.", "Answer in one word: yes or no.", "Answer only with yes or with no.", "Always answer yes or no.",
    "Always reply with yes or no.", "Always say yes or no.", "Reply yes or no.", "Reply only yes or no.", "Reply with yes or no only.", "Reply with one word, yes or no.", "Reply with just yes or no.",
    "Reply with exactly yes or no.", "Respond with yes or no.", "Respond only with yes or no.", "Respond yes or no.", "Say only yes or no.", "Say just yes or no.", "Say yes or no and nothing else.", "Write yes or no.",
    "Write only yes or no.", "Write just yes or no, nothing else.", "Write one word: yes or no.", "Use yes or no.", "Use only yes or no.", "Use one word, yes or no.", "Just yes or no.", "Just yes or no please.",
    "Just say yes or no.", "Only say yes or no.", "Only answer yes or no.", "Only yes or no please.", "Yes or no?", "Yes or no, nothing else.", "Yes or no only.", "Yes or no please.", "Please answer yes or no.",
    "Please reply with yes or no.", "Please say only yes or no.", "Please respond with yes or no.", "Give only yes or no.", "Give yes or no as the answer.", "Your answer must be yes or no.", "Your reply must be yes or no.",
    "Your reply is yes or no, nothing else.", "The answer must be yes or no.", "The answer is yes or no.", "The reply is one word: yes or no.", "Every answer is yes or no.", "Every reply must be yes or no.",
    "You answer yes or no.", "You reply with yes or no only.", "You only answer with yes or no.", "I want yes or no.", "I want only yes or no.",
)  # fmt: skip

YES_NO_CAPITAL = (
    "Answer only YES or NO.", "Reply with YES or NO.", "Say YES or NO.", "Your answer is YES or NO, nothing else.", "Answer with exactly YES or NO.", "You only say YES or NO.", "Only YES or NO.",
    "Answer YES or NO.", "Answer with YES or NO.", "Answer just YES or NO.", "Answer with YES or NO only.", "Answer in one word: YES or NO.", "Answer only with YES or with NO.", "Always answer YES or NO.",
    "Always reply with YES or NO.", "Always say YES or NO.", "Reply YES or NO.", "Reply only YES or NO.", "Reply with YES or NO only.", "Reply with one word, YES or NO.", "Reply with just YES or NO.",
    "Reply with exactly YES or NO.", "Respond with YES or NO.", "Respond only with YES or NO.", "Respond YES or NO.", "Say only YES or NO.", "Say just YES or NO.", "Say YES or NO and nothing else.", "Write YES or NO.",
    "Write only YES or NO.", "Write just YES or NO, nothing else.", "Write one word: YES or NO.", "Use YES or NO.", "Use only YES or NO.", "Use one word, YES or NO.", "Just YES or NO.", "Just YES or NO please.",
    "Just say YES or NO.", "Only say YES or NO.", "Only answer YES or NO.", "Only YES or NO please.", "YES or NO?", "YES or NO, nothing else.", "YES or NO only.", "YES or NO please.", "Please answer YES or NO.",
    "Please reply with YES or NO.", "Please say only YES or NO.", "Please respond with YES or NO.", "Give only YES or NO.", "Give YES or NO as the answer.", "Your answer must be YES or NO.", "Your reply must be YES or NO.",
    "Your reply is YES or NO, nothing else.", "The answer must be YES or NO.", "The answer is YES or NO.", "The reply is one word: YES or NO.", "Every answer is YES or NO.", "Every reply must be YES or NO.",
    "You answer YES or NO.", "You reply with YES or NO only.", "You only answer with YES or NO.", "I want YES or NO.", "I want only YES or NO.",
)  # fmt: skip

TRUE_FALSE = (
    "Answer true or false.", "Reply with true or false.", "Say true or false only.", "Use only the words true and false.", "Answer with exactly true or false.", "Your answer is true or false.", "Only true or false.",
    "Answer with true or false.", "Answer just true or false.", "Answer with true or false only.", "Answer in one word: true or false.", "Answer only with true or with false.", "Always answer true or false.",
    "Always reply with true or false.", "Always say true or false.", "Reply true or false.", "Reply only true or false.", "Reply with true or false only.", "Reply with one word, true or false.", "Reply with just true or false.",
    "Reply with exactly true or false.", "Respond with true or false.", "Respond only with true or false.", "Respond true or false.", "Say only true or false.", "Say just true or false.", "Say true or false and nothing else.",
    "Write true or false.", "Write only true or false.", "Write just true or false, nothing else.", "Write one word: true or false.", "Use true or false.", "Use only true or false.", "Use one word, true or false.",
    "Just true or false.", "Just true or false please.", "Just say true or false.", "Only say true or false.", "Only answer true or false.", "Only true or false please.", "True or false?", "True or false, nothing else.",
    "True or false only.", "True or false please.", "Please answer true or false.", "Please reply with true or false.", "Please say only true or false.", "Please respond with true or false.", "Give only true or false.",
    "Give true or false as the answer.", "Your answer must be true or false.", "Your reply must be true or false.", "Your reply is true or false, nothing else.", "The answer must be true or false.", "The answer is true or false.",
    "The reply is one word: true or false.", "Every answer is true or false.", "Every reply must be true or false.", "You answer true or false.", "You reply with true or false only.", "You only answer with true or false.",
    "I want true or false.", "I want only true or false.",
)  # fmt: skip

PLACES = (
    "{q} {r}", "{r} {q}", "{q}\n{r}", "{r}\n{q}", "{r}\n\n{q}", "{q} ({r})", "Rule: {r}\n{q}", "{q}\n\nFormat: {r}", "Please follow this: {r} {q}", "{r} Question: {q}", "{q} Remember: {r}",
    "{r}\nQuestion: {q}", "{r}\n\nQuestion: {q}", "{q}\n\n{r}", "Question: {q}\n{r}", "Question: {q}\nRule: {r}", "Question: {q}\nFormat: {r}", "Question: {q} {r}", "Format: {r}\n{q}", "Format: {r}\nQuestion: {q}",
    "Format: {r}\n\n{q}", "Rule: {r}\n\n{q}", "Rule: {r} Question: {q}", "{q}\nRule: {r}", "{q}\n\nRule: {r}", "{q}\nFormat: {r}", "{q} Format: {r}", "{q} Rule: {r}", "({r}) {q}", "{q}\n({r})", "[{r}] {q}", "{q} [{r}]",
    "Remember: {r} {q}", "Remember: {r}\n{q}", "{q}\nRemember: {r}", "Please remember: {r} {q}", "{q} Please remember: {r}", "Please: {r} {q}", "{q} Please: {r}", "{q} Please follow this: {r}", "{q}\nPlease follow this: {r}",
    "Follow this rule: {r} {q}", "Follow this rule: {r}\n{q}", "{q} Follow this rule: {r}", "{q}\nFollow this format: {r}", "Follow this format: {r}\n{q}", "{q} - {r}", "{r} - {q}", "{q} And: {r}", "{q} Important: {r}",
    "Important: {r} {q}", "{q}\nImportant: {r}", "Important: {r}\n{q}", "{q} Note: {r}", "Note: {r} {q}", "{q}\n\nNote: {r}", "I have a question. {q} {r}", "I have a question. {r} {q}", "My question: {q} {r}",
    "{r} My question: {q}", "{r} Here is the question: {q}", "Here is my question: {q} {r}", "Hi! {q} {r}", "Hello. {r} {q}", "{q} {r} Thanks!", "{r} {q} Thank you.", "Task: {q}\n{r}", "Task: {q}\nFormat: {r}", "{r}\nTask: {q}",
    "Q: {q}\n{r}", "{r}\nQ: {q}", "{q} One rule: {r}", "One rule: {r} {q}", "Rules: {r}\n{q}", "{q}\nRules: {r}", "{q}\n- {r}",
)  # fmt: skip
"""Where a user puts the rule."""
