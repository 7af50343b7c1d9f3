"""Integer arithmetic: sums, differences, products, expressions of several terms; knows no decimals and no division.

Phrasings come in two kinds: frames around a written-out expression (`What is {e}?`), shared by all four tasks, and
sentences of one task only, small stories among them.
"""

from __future__ import annotations

import random
from typing import Literal

from training.tasks import lexicon, workings
from training.tasks.base import Example, Task, Wording, worked
from training.tasks.phrasing import NUMBER_WORDS, dress

FRAMES: tuple[str, ...] = (
    "{e}", "{e} =", "{e}=", "{e} = ?", "{e}=?", "{e}?", "What is {e}?", "what's {e}", "What's {e}?",
    "What does {e} equal?", "Calculate {e}.", "Compute {e}.", "Work out {e}.", "Evaluate {e}.", "Solve {e}.",
    "Solve: {e}", "Calculate: {e}", "Find {e}.", "How much is {e}?", "How much does {e} make?",
    "What do you get for {e}?", "What is the result of {e}?", "What is the value of {e}?", "What is the answer to {e}?",
    "Give me the result of {e}.", "Tell me {e}.", "Tell me what {e} is.", "Can you calculate {e}?",
    "Can you work out {e} for me?", "Could you compute {e}?", "Could you tell me what {e} is?", "Please calculate {e}.",
    "Please solve {e}", "Please work out {e}.", "Do you know what {e} is?", "I need to know {e}.",
    "I want to know what {e} is.", "Help me calculate {e}.", "Help me with {e}.", "Let me know what {e} is.",
    "{e} is what?", "{e} equals what?", "{e} gives what number?", "If I calculate {e}, what do I get?",
    "When you compute {e}, what is the result?", "Result of {e}?", "Answer of {e}?", "Work out the value of {e}",
    "Find the value of {e}.", "Find the result: {e}", "Math question: {e}", "Math problem: what is {e}?",
    "Here is a sum for you: {e}", "Do the math: {e}", "Use arithmetic to solve {e}.",
    "Compute the value of {e}, please.", "Which number is {e}?", "What number do you get from {e}?",
    "What will {e} be?", "Show me the answer to {e}.", "My calculator is broken. What is {e}?",
    "Without a calculator, what is {e}?", "I have to solve {e}. What is the answer?",
    "In my head I can't do {e}. Can you?", "Fill in the blank: {e} = ___", "{e} = __", "x = {e}. What is x?",
    "Let x = {e}. Find x.", "What is x if x = {e}?", "Simplify {e}.", "Determine {e}.", "Get the result of {e}",
    "Say what {e} is.", "Print {e}.", "Return the value of {e}.", "What would {e} be?", "What is {e} equal to?",
    "Write the answer to {e}.", "Please give me the answer: {e}", "Answer this: {e}",
    "Answer the question: what is {e}?", "Can you do {e}?", "Could you solve {e} for me, please?",
    "Would you calculate {e}?", "I think {e} is hard. What is it?", "The teacher asks: what is {e}?",
    "What is the outcome of {e}?", "Check this for me: {e}", "Output of {e}?",
    "I would like to know {e}.", "Somebody asked me what {e} is.", "Let me know {e}.", "I'd like to know {e}.",
    "Would you please give me {e}?", "Hey, what's {e}?", "Can you figure out {e}?", "Could you find {e} for me?",
    "I have to find {e}.", "Get me {e}.", "Could you please tell me {e}?", "I wonder what {e} is.",
    "I am looking for {e}.", "Any idea what {e} is?", "Now tell me {e}.", "Help me find {e}.", "Figure out {e}.",
    "Can you say what {e} is?", "Can you get {e} for me?", "Can somebody tell me {e}?", "Name {e}.",
    "What exactly is {e}?", "Show me {e}.", "We need {e}.", "I am not sure what {e} is. Can you help?",
    "Just give me {e}.", "Do you know {e}?", "My son wants to know {e}.", "Please tell me {e}.", "Write down {e}.",
    "Can you give me {e}?", "Quick, what is {e}", "I need to find {e}.", "So what is {e}?",
    "I can't remember {e}. What is it?", "Would you mind telling me {e}?", "Could I have {e}?",
    "Do me a favor and find {e}.", "I am trying to find {e}.", "Help me figure out {e}.", "I'd like {e}, please.",
    "My homework asks for {e}.", "Try to find {e}.", "{e}, please", "{e} please", "{e} is?", "{e} makes what?",
    "{e} comes to what?", "{e} - what is it?", "{e}: answer?", "{e}, what does that make?", "{e}, how much is that?",
    "{e}, what do you get?", "How much would {e} be?", "How much does {e} come to?", "What does {e} come to?",
    "What does {e} make?", "What does {e} give?", "What comes out of {e}?", "What comes out if you do {e}?",
    "What is the answer if I do {e}?", "Type the answer to {e}.", "Just the answer to {e}.", "answer {e}", "calc {e}",
    "calculate {e}", "solve {e}", "compute {e}", "math: {e}", "sum: {e}", "Homework: {e}", "Exercise: {e}",
    "Next one: {e}", "Next exercise: {e}", "Now do {e}.", "Now try {e}.", "Try {e}.", "Do {e}.", "Do {e} for me.",
    "Please do {e}.", "Can you solve {e}?", "Can you do {e} in your head?", "Do {e} in your head.",
    "I got stuck on {e}. What is the answer?", "I am stuck. How much is {e}?", "I can't work out {e}. Please help.",
    "My son asks how much {e} is.", "My homework says {e}. What is the answer?",
    "The exercise is {e}. What do I write?", "The next question is {e}. What is the answer?",
    "Could you quickly do {e}?", "Quick math: {e}", "Quick question: how much is {e}?", "One more: {e}",
    "Also, what is {e}?", "And what is {e}?", "And {e}?", "How would you solve {e}?", "Do you know how much {e} is?",
    "Do you have the answer to {e}?", "Give me {e}.", "Give the answer to {e}.", "I want the answer to {e}.",
    "I need the answer to {e}.", "I'd like the answer to {e}.", "Let's do {e}.", "Let's work out {e}.",
    "The answer to {e} is?", "The result of {e} is?", "Value of {e}?", "Equation: {e} = ?", "Complete this: {e} =",
    "Complete: {e} = ?", "If I type {e}, what should come out?", "What number equals {e}?", "Which number equals {e}?",
    "What number is equal to {e}?", "How many is {e}?", "Please answer: what is {e}?", "Work this out: {e}",
    "Please work this out: {e}", "Can you work this out: {e}", "See if you can solve {e}.", "See what {e} comes to.",
    "Find out what {e} makes.", "Find out how much {e} is.", "Tell me how much {e} makes.",
)  # fmt: skip

ADD_SURFACES = (
    "{a} + {b}", "{a} + {b}", "{a}+{b}", "{a}+{b}", "{a} plus {b}", "{a} plus {b}", "{a} added to {b}",
)  # fmt: skip
ADD_TEMPLATES: tuple[str, ...] = (
    "Add {a} and {b}.", "Add {a} to {b}.", "Add {a} and {b}", "add {a} + {b}", "Add the numbers {a} and {b}.",
    "Please add {a} and {b}.", "Can you add {a} and {b} for me?", "Could you add {a} to {b}?", "Add up {a} and {b}.",
    "Add together {a} and {b}.", "What is the sum of {a} and {b}?", "Find the sum of {a} and {b}.",
    "Compute the sum of {a} and {b}.", "Calculate the sum of {a} and {b}.", "Give me the sum of {a} and {b}.",
    "Sum of {a} and {b}?", "Sum {a} and {b}.", "sum: {a}, {b}", "What is the total of {a} and {b}?",
    "Find the total of {a} and {b}.", "Total of {a} and {b}?", "What do {a} and {b} make?",
    "What do {a} and {b} add up to?", "How much are {a} and {b} together?", "How much is {a} and {b} in total?",
    "What do I get if I add {a} and {b}?", "If you add {b} to {a}, what do you get?", "What is {a} increased by {b}?",
    "Increase {a} by {b}.", "What number is {b} more than {a}?", "What is {b} more than {a}?",
    "Which number is {b} greater than {a}?", "Put {a} and {b} together. What is the total?", "Combine {a} and {b}.",
    "Start with {a} and add {b}.", "Take {a} and add {b}.", "I have {a} and get {b} more. What is the total?",
    "Count {b} on from {a}.", "What is the sum: {a} + {b}?", "Two numbers are {a} and {b}. What is their sum?",
    "The numbers are {a} and {b}. Add them.", "Given {a} and {b}, find their sum.",
    "Let a = {a} and b = {b}. What is a + b?", "a is {a}, b is {b}. What is a plus b?", "Sum up {a} and {b}, please.",
    "I have {a} {items} and buy {b} more. How many {items} do I have?",
    "{name} has {a} {items} and gets {b} more. How many in total?",
    "There are {a} {items} here and {b} there. How many {items} are there?",
    "{name} had {a} {items} and found {b} more. How many now?",
    "We sold {a} {items} today and {b} yesterday. How many altogether?",
    "{name} read {a} pages, then {b} pages. How many pages is that?",
    "A box has {a} {items}. I add {b}. How many {items} are in it now?",
    "A shirt costs {a} dollars and a hat {b}. What do both cost?",
    "If a car costs {a} dollars and a bike {b} dollars, how much do they cost together?",
    "{a} {items} and {b} {items} make how many?",
    "{name} has {a} {items}. {other} has {b}. How many do they have together?",
    "My bill is {a} dollars plus a {b} dollar tip. What do I pay?",
    "How many {items} are {a} {items} plus {b} {items}?", "What is the result when {a} is added to {b}?",
    "What is the result of adding {a} and {b}?", "Adding {a} to {b} gives what?",
    "Find a number that is {b} larger than {a}.",
    "I'd like the sum of {a} and {b}, please.", "Let me know the total of {a} and {b}.",
    "I have to find the sum of the numbers {a} and {b}.", "Can you get the total if I add {a} to {b} for me?",
    "Show me the sum of {a} and {b}.", "Could I have the total of {a} and {b}?",
    "How do I get the sum of the numbers {a} and {b}? What is it?", "Any idea what the total if I add {a} to {b} is?",
    "Can you say what the sum of {a} and {b} is?", "Can you figure out the total of {a} and {b}?",
    "The sum of the numbers {a} and {b} is what?", "What's the total if I add {a} to {b}?",
    "I can't remember the sum of {a} and {b}. What is it?", "So what is the total of {a} and {b}?",
    "My son wants to know the sum of the numbers {a} and {b}.", "Help me find the total if I add {a} to {b}.",
    "What exactly is the sum of {a} and {b}?", "Somebody asked me what the total of {a} and {b} is.",
    "The sum of the numbers {a} and {b}?", "Write down the total if I add {a} to {b}.",
    "We need the sum of {a} and {b}.", "Help me figure out the total of {a} and {b}.",
    "I am not sure what the sum of the numbers {a} and {b} is. Can you help?",
    "Do me a favor and find the total if I add {a} to {b}.", "Could you please tell me the sum of {a} and {b}?",
    "The total of {a} and {b}, please.", "Do you know the sum of the numbers {a} and {b}?",
    "I forgot the total if I add {a} to {b}. What is it?", "Get me the sum of {a} and {b}.",
    "Hey, what's the total of {a} and {b}?", "Would you mind telling me the sum of the numbers {a} and {b}?",
    "I am looking for the total if I add {a} to {b}.", "Would you please give me the sum of {a} and {b}?",
    "I'd like to know the total of {a} and {b}.", "Now tell me the sum of the numbers {a} and {b}.",
    "Can somebody tell me the total if I add {a} to {b}?", "I would like to know the sum of {a} and {b}.",
    "Quick, what is the total of {a} and {b}", "What would the sum of the numbers {a} and {b} be?",
    "Figure out the total if I add {a} to {b}.", "I wonder what the sum of {a} and {b} is.",
    "Just give me the total of {a} and {b}.", "My homework asks for the sum of the numbers {a} and {b}.",
    "Try to find the total if I add {a} to {b}.", "Name the sum of {a} and {b}.",
    "Could you find the total of {a} and {b} for me?", "I need to find the sum of the numbers {a} and {b}.",
    "Please tell me the total if I add {a} to {b}.", "I am trying to find the sum of {a} and {b}.",
    "Can you give me the total of {a} and {b}?", "Can you add {a} and {b}?", "I can't add {b} to {a}. Can you?",
    "Your task: add up {a} and {b}.", "Please help me add {a} and {b} together.", "Sum up {a} and {b}.",
    "Could you please put {a} and {b} together?", "Could you find the sum of {a} and {b} for me?",
    "I'd like you to add {a} and {b}.", "I have to add {b} to {a}. What is it?", "Your job is to add up {a} and {b}.",
    "We have to add {a} and {b} together. Can you do it?", "How would you sum up {a} and {b}?",
    "Go ahead and put {a} and {b} together.", "Let's find the sum of {a} and {b}.", "Try to add {a} and {b}.",
    "Would you mind helping me add {b} to {a}?", "Just add up {a} and {b}.",
    "My homework says: add {a} and {b} together.", "I want you to sum up {a} and {b}.",
    "You should put {a} and {b} together.", "I need you to find the sum of {a} and {b}.", "Help me add {a} and {b}.",
    "Are you able to add {b} to {a}?", "Would you add up {a} and {b}?", "Now add {a} and {b} together.",
    "Can you quickly sum up {a} and {b}?", "Please put {a} and {b} together.", "Find the sum of {a} and {b}, please.",
    "First job today: add {a} and {b}.", "My task is to add {b} to {a}. What do I get?",
    "Can you add {a} and {b} together?", "I can't sum up {a} and {b}. Can you?", "Your task: put {a} and {b} together.",
    "Please help me find the sum of {a} and {b}.", "Could you please add {b} to {a}?",
    "Could you add up {a} and {b} for me?", "I'd like you to add {a} and {b} together.",
    "I have to sum up {a} and {b}. What is it?", "Your job is to put {a} and {b} together.",
    "We have to find the sum of {a} and {b}. Can you do it?", "How would you add {a} and {b}?",
    "Let me know how much {a} and {b} make.", "Would you mind telling me what {a} and {b} make together?",
    "I have to find out how much {a} and {b} are together.", "I forgot what {a} and {b} add up to. Please tell me.",
    "I want to know what number is {b} more than {a}.", "Can you say how much {a} and {b} make?",
    "Now tell me what {a} and {b} make together.", "Find out how much {a} and {b} are together.",
    "Figure out what {a} and {b} add up to.", "I am not sure what number is {b} more than {a}. Can you help?",
    "Can you check how much {a} and {b} make for me?", "Any idea what {a} and {b} make together?",
    "Please tell me how much {a} and {b} are together.", "I need to know what {a} and {b} add up to.",
    "Just say what number is {b} more than {a}.", "Someone asked me how much {a} and {b} make.",
    "I'd like to know what {a} and {b} make together.", "Do you know how much {a} and {b} are together?",
    "Please check what {a} and {b} add up to.", "Help me find out what number is {b} more than {a}.",
    "My friend asks how much {a} and {b} make.", "Can you figure out what {a} and {b} make together?",
    "Could you tell me how much {a} and {b} are together?", "Work out what {a} and {b} add up to.",
    "Show me what number is {b} more than {a}.", "I wonder how much {a} and {b} make.",
    "Let me know how much {a} and {b} are together.", "Would you mind telling me what {a} and {b} add up to?",
    "I have to find out what number is {b} more than {a}.", "I forgot how much {a} and {b} make. Please tell me.",
    "{a} and {b} together?", "{a} and {b} make what?", "{a} and {b} in total?", "add {a} {b}", "total: {a} and {b}",
    "sum of {a}, {b}", "How much do {a} and {b} come to?", "{a}, then {b} more. What is the total?",
    "Begin with {a} and add {b}. What do you get?", "If I put {a} and {b} together, what do I get?",
    "Raise {a} by {b}.", "What is {a} raised by {b}?", "Make {a} bigger by {b}. What is it now?",
    "Count up {b} from {a}.", "From {a}, go up by {b}.", "Start at {a} and go up by {b}. Where am I?",
    "I am at {a} and go {b} higher. What number is that?",
    "{name} has {a} dollars and {other} has {b}. How much money do they have together?",
    "{name} owns {a} {items} and buys {b} more. How many {items} is that?",
    "{name} paid {a} dollars, {other} paid {b} dollars. How much is that together?",
    "{name} got {a} points in one game and {b} in the next. How many points altogether?",
    "{name} walked {a} steps and then {b} more. How many steps is that?",
    "{name} drove {a} km today and {b} km yesterday. How many km in all?",
    "{name} is {a} years old. How old will {name} be in {b} years?",
    "{a} boys and {b} girls are in the park. How many children is that?",
    "{a} people are in the room and {b} more come in. How many people are there now?",
    "There were {a} {items} on the table. Now there are {b} more. How many {items} are on it?",
    "We have {a} {items} in one box and {b} in another. How many in total?",
    "I bought {a} {items} and {b} more. How many {items} did I buy?",
    "My first bill is {a} dollars, my second is {b}. What do I pay in all?",
    "A train has {a} people. {b} get on. How many people are on the train now?",
    "In a shop are {a} {items}, and {b} more arrive. How many {items} are there now?",
    "A farm has {a} cows and {b} sheep. How many animals are there?",
    "A coat costs {a} dollars and shoes cost {b}. How much are both together?",
    "The price was {a} dollars and went up by {b}. What is it now?",
    "We had {a} visitors on Monday and {b} on Tuesday. How many visitors in total?",
    "One bag has {a} {items}, the other {b}. How many {items} are in both?",
    "{name} found {a} {items} and {other} found {b}. How many did they find together?",
    "I read {a} pages on Monday and {b} on Sunday. How many pages did I read?",
    "Add {b} {items} to {a} {items}. How many {items} are there?",
    "Together, how many {items} are {a} {items} and {b} {items}?",
    "My score was {a}. I got {b} more points. What is my score now?",
)  # fmt: skip

SUBTRACT_SURFACES = (
    "{a} - {b}", "{a} - {b}", "{a}-{b}", "{a}-{b}", "{a} minus {b}", "{a} minus {b}", "{a} take away {b}",
    "{a} less {b}", "{a} − {b}", "{a} – {b}",
)  # fmt: skip
SUBTRACT_TEMPLATES: tuple[str, ...] = (
    "Subtract {b} from {a}.", "Subtract {b} from {a}", "Please subtract {b} from {a}.",
    "Can you subtract {b} from {a}?", "Could you subtract {b} from {a} for me?", "Take {b} away from {a}.",
    "Take {b} from {a}.", "What is {b} taken from {a}?", "What do you get if you take {b} from {a}?",
    "What is left when you take {b} from {a}?", "What is the difference {a} - {b}?", "Find the difference: {a} - {b}",
    "Compute the difference {a} minus {b}.", "What is {a} decreased by {b}?", "Decrease {a} by {b}.",
    "Reduce {a} by {b}.", "What is {a} reduced by {b}?", "What is {b} less than {a}?",
    "Which number is {b} less than {a}?", "What number is {b} smaller than {a}?", "Start with {a} and subtract {b}.",
    "Start at {a} and go down by {b}.", "Take {a} and subtract {b}.", "If I subtract {b} from {a}, what do I get?",
    "What remains of {a} after taking away {b}?", "How much is {a} without {b}?", "Remove {b} from {a}.",
    "Deduct {b} from {a}.", "What is the result of subtracting {b} from {a}?", "Subtracting {b} from {a} gives what?",
    "What is the result when {b} is subtracted from {a}?", "Let a = {a} and b = {b}. What is a - b?",
    "a is {a}, b is {b}. What is a minus b?", "Subtraction: {a}, {b}", "What must I add to {b} to get {a}?",
    "{b} plus what is {a}?", "What plus {b} equals {a}?", "What number added to {b} gives {a}?",
    "Somebody asked me what {a} minus {b} is.", "Write down {a} take away {b}.",
    "We need the result if I take {b} from {a}.", "Show me the result of {a} minus {b}.",
    "I need to find the number that is {b} less than {a}.", "My son wants to know {a} minus {b}.",
    "Quick, what is {a} take away {b}", "How do I get the result if I take {b} from {a}? What is it?",
    "Can somebody tell me the result of {a} minus {b}?", "Just give me the number that is {b} less than {a}.",
    "Could you find {a} minus {b} for me?", "Figure out {a} take away {b}.",
    "What's the result if I take {b} from {a}?", "Could I have the result of {a} minus {b}?",
    "I can't remember the number that is {b} less than {a}. What is it?", "{a} minus {b}?",
    "{a} take away {b}, please.", "I'd like the result if I take {b} from {a}, please.",
    "Name the result of {a} minus {b}.", "What exactly is the number that is {b} less than {a}?",
    "Would you please give me {a} minus {b}?", "I am not sure what {a} take away {b} is. Can you help?",
    "Now tell me the result if I take {b} from {a}.", "I wonder what the result of {a} minus {b} is.",
    "Try to find the number that is {b} less than {a}.", "Help me figure out {a} minus {b}.",
    "I'd like to know {a} take away {b}.", "I have to find the result if I take {b} from {a}.",
    "Can you give me the result of {a} minus {b}?", "I am trying to find the number that is {b} less than {a}.",
    "So what is {a} minus {b}?", "{a} take away {b} is what?", "I am looking for the result if I take {b} from {a}.",
    "Would you mind telling me the result of {a} minus {b}?",
    "Could you please tell me the number that is {b} less than {a}?", "Can you figure out {a} minus {b}?",
    "Do you know {a} take away {b}?", "I forgot the result if I take {b} from {a}. What is it?",
    "Do me a favor and find the result of {a} minus {b}.", "Get me the number that is {b} less than {a}.",
    "I would like to know {a} minus {b}.", "Please tell me {a} take away {b}.",
    "Any idea what the result if I take {b} from {a} is?", "Can you get the result of {a} minus {b} for me?",
    "My homework asks for the number that is {b} less than {a}.", "Hey, what's {a} minus {b}?",
    "Can you say what {a} take away {b} is?", "What would the result if I take {b} from {a} be?",
    "Can you quickly take {b} away from {a}?", "Would you mind helping me take away {b} from {a}?",
    "Please take {b} off {a}.", "Try to deduct {b} from {a}.", "Help me remove {b} from {a}.",
    "First job today: reduce {a} by {b}.", "How would you lower {a} by {b}?", "Go ahead and subtract {b} from {a}.",
    "Your task: take {b} away from {a}.", "My homework says: take away {b} from {a}.",
    "I want you to take {b} off {a}.", "Please help me deduct {b} from {a}.", "Let's remove {b} from {a}.",
    "Are you able to reduce {a} by {b}?", "Can you lower {a} by {b}?", "Would you subtract {b} from {a}?",
    "Take {b} away from {a}, please.", "I'd like you to take away {b} from {a}.",
    "I have to take {b} off {a}. What is it?", "Your job is to remove {b} from {a}.",
    "We have to reduce {a} by {b}. Can you do it?", "My task is to lower {a} by {b}. What do I get?",
    "I can't subtract {b} from {a}. Can you?", "Could you please take {b} away from {a}?",
    "Now take away {b} from {a}.", "Just take {b} off {a}.", "I need you to deduct {b} from {a}.",
    "You should remove {b} from {a}.", "Could you lower {a} by {b} for me?", "Can you quickly subtract {b} from {a}?",
    "Would you mind helping me take {b} away from {a}?", "Please take away {b} from {a}.", "Try to take {b} off {a}.",
    "Help me deduct {b} from {a}.", "First job today: remove {b} from {a}.", "How would you reduce {a} by {b}?",
    "Go ahead and lower {a} by {b}.", "Your task: subtract {b} from {a}.", "My homework says: take {b} away from {a}.",
    "I want you to take away {b} from {a}.", "Please help me take {b} off {a}.", "Let's deduct {b} from {a}.",
    "Are you able to remove {b} from {a}?", "Can you reduce {a} by {b}?", "Figure out how much {a} minus {b} is.",
    "I am not sure what {a} less {b} is. Can you help?", "Work out what remains if I take {b} from {a}.",
    "I have to find out what number is {b} less than {a}.", "Can you say what is left of {a} without {b}?",
    "I forgot how much {a} minus {b} is. Please tell me.", "Would you mind telling me what {a} less {b} is?",
    "Someone asked me what remains if I take {b} from {a}.", "Now tell me what number is {b} less than {a}.",
    "Let me know what is left of {a} without {b}.", "Please tell me how much {a} minus {b} is.",
    "I wonder what {a} less {b} is.", "Please check what remains if I take {b} from {a}.",
    "My friend asks what number is {b} less than {a}.", "Any idea what is left of {a} without {b}?",
    "Find out how much {a} minus {b} is.", "Can you figure out what {a} less {b} is?",
    "Just say what remains if I take {b} from {a}.", "Could you tell me what number is {b} less than {a}?",
    "I'd like to know what is left of {a} without {b}.", "I want to know how much {a} minus {b} is.",
    "I need to know what {a} less {b} is.", "Help me find out what remains if I take {b} from {a}.",
    "Do you know what number is {b} less than {a}?", "Show me what is left of {a} without {b}.",
    "Can you check how much {a} minus {b} is for me?", "Figure out what remains if I take {b} from {a}.",
    "I am not sure what number is {b} less than {a}. Can you help?", "{a} minus {b} makes what?", "{a} without {b}?",
    "{a} with {b} taken away?", "from {a} take {b}", "subtract: {a} - {b}",
    "Begin with {a} and take away {b}. What do you get?", "Start from {a} and take off {b}.",
    "Begin at {a} and go down {b}. Where am I?", "Count {b} back from {a}.",
    "Count back {b} from {a}. What number is it?", "From {a}, subtract {b}.", "From {a}, go down by {b}.",
    "If I take {b} off {a}, what is left?", "Make {a} smaller by {b}. What is it now?", "What is {a} lowered by {b}?",
    "Lower {a} by {b}. What is it now?", "Drop {a} by {b}.", "What do I get if I reduce {a} by {b}?",
    "Which number plus {b} makes {a}?", "How much must I add to {b} to reach {a}?", "What do I add to {b} to make {a}?",
    "I have {b}. What must I add to get {a}?", "{b} and what number make {a}?", "{b} + ? = {a}", "? + {b} = {a}",
    "{b} + x = {a}. What is x?", "Solve for x: {b} + x = {a}", "x + {b} = {a}. Find x.",
    "The first number is {a}, the second is {b}. Take the second from the first.",
    "The numbers are {a} and {b}. Subtract the second from the first.", "Given {a} and {b}, subtract {b} from {a}.",
)  # fmt: skip
SUBTRACT_STORIES: tuple[str, ...] = (
    "How much more is {a} than {b}?", "How much bigger is {a} than {b}?", "How much less is {b} than {a}?",
    "How far is it from {b} to {a}?", "What is the difference between {a} and {b}?",
    "Find the difference between {a} and {b}.", "Difference of {a} and {b}?", "By how much is {a} greater than {b}?",
    "By how much does {a} exceed {b}?", "How much smaller is {b} than {a}?",
    "I have {a} {items} and give away {b}. How many are left?",
    "{name} has {a} {items} and loses {b}. How many are left?",
    "{name} had {a} {items} and sold {b}. How many {items} does {name} have now?",
    "There are {a} {items}. I take {b}. How many remain?",
    "Out of {a} {items}, {b} are gone. How many are still there?", "I had {a} dollars and spent {b}. How much is left?",
    "A book has {a} pages. I have read {b}. How many pages are left?",
    "{name} needs {a} {items} and has {b}. How many are missing?",
    "{name} has {a} {items} and {other} has {b}. How many more does {name} have?",
    "A shop has {a} {items} and sells {b}. How many are left?",
    "If I have {a} {items} and eat {b}, how many do I have?",
    "The price was {a} dollars and fell by {b}. What is it now?",
    "{a} people are on a train and {b} get off. How many stay?",
    "How many more {items} are {a} {items} than {b} {items}?",
    "We need {a} {items} but only have {b}. How many more do we need?",
    "From {a} {items} we remove {b}. How many stay?",
    "I wonder what the difference between {a} and {b} is.", "Do me a favor and find the difference of {a} and {b}.",
    "Can you figure out the gap between {a} and {b}?", "Name the difference between {a} and {b}.",
    "The difference of {a} and {b}, please.", "How do I get the gap between {a} and {b}? What is it?",
    "The difference between {a} and {b} is what?", "I need to find the difference of {a} and {b}.",
    "Try to find the gap between {a} and {b}.", "Could I have the difference between {a} and {b}?",
    "I am not sure what the difference of {a} and {b} is. Can you help?",
    "Somebody asked me what the gap between {a} and {b} is.",
    "My homework asks for the difference between {a} and {b}.", "Can you give me the difference of {a} and {b}?",
    "I'd like to know the gap between {a} and {b}.", "Can you say what the difference between {a} and {b} is?",
    "Help me find the difference of {a} and {b}.", "The gap between {a} and {b}?",
    "Show me the difference between {a} and {b}.", "Would you please give me the difference of {a} and {b}?",
    "I have to find the gap between {a} and {b}.", "Write down the difference between {a} and {b}.",
    "My son wants to know the difference of {a} and {b}.", "Could you find the gap between {a} and {b} for me?",
    "What exactly is the difference between {a} and {b}?", "I forgot the difference of {a} and {b}. What is it?",
    "Could you please tell me the gap between {a} and {b}?", "I would like to know the difference between {a} and {b}.",
    "Can somebody tell me the difference of {a} and {b}?", "I am looking for the gap between {a} and {b}.",
    "I am trying to find the difference between {a} and {b}.", "Let me know the difference of {a} and {b}.",
    "Quick, what is the gap between {a} and {b}", "So what is the difference between {a} and {b}?",
    "My friend asks how much more {a} is than {b}.", "I need to know how much less {b} is than {a}.",
    "Can you say how far apart {a} and {b} are?", "I have to find out how much bigger {a} is than {b}.",
    "Please tell me by how much {a} is greater than {b}.", "Someone asked me how much more {a} is than {b}.",
    "Show me how much less {b} is than {a}.", "Figure out how far apart {a} and {b} are.",
    "I forgot how much bigger {a} is than {b}. Please tell me.",
    "I am not sure by how much {a} is greater than {b}. Can you help?", "Please check how much more {a} is than {b}.",
    "Work out how much less {b} is than {a}.", "I'd like to know how far apart {a} and {b} are.",
    "Find out how much bigger {a} is than {b}.", "Help me find out by how much {a} is greater than {b}.",
    "Now tell me how much more {a} is than {b}.", "Would you mind telling me how much less {b} is than {a}?",
    "Can you check how far apart {a} and {b} are for me?", "Just say how much bigger {a} is than {b}.",
    "Do you know by how much {a} is greater than {b}?", "I want to know how much more {a} is than {b}.",
    "Let me know how much less {b} is than {a}.", "Could you tell me how far apart {a} and {b} are?",
    "Any idea how much bigger {a} is than {b}?", "Can you figure out by how much {a} is greater than {b}?",
    "I wonder how much more {a} is than {b}.", "How far apart are {a} and {b}?", "How many more is {a} than {b}?",
    "How many fewer is {b} than {a}?", "How much greater is {a} than {b}?",
    "How much do I need to get from {b} to {a}?", "How many steps is it from {b} up to {a}?",
    "{a} is how much more than {b}?", "{b} is how much less than {a}?", "How far is {b} below {a}?",
    "{name} has {a} dollars and pays {b}. How much money is left?",
    "{name} has {a} {items} and uses {b}. How many {items} remain?",
    "{name} had {a} {items} and gave {b} to {other}. How many are left?",
    "{name} must walk {a} km and has done {b}. How many km are left?",
    "{name} wants {a} {items} and has {b}. How many more are needed?",
    "{name} is {a} years old and {other} is {b}. How much older is {name}?",
    "{name} scored {a} points and {other} scored {b}. By how many points did {name} win?",
    "{name} is {a} years old. How old was {name} {b} years ago?",
    "A box has {a} {items}. {b} are taken out. How many stay in the box?",
    "There are {a} people in the room and {b} leave. How many people are still there?",
    "There were {a} birds in a tree. {b} flew away. How many are left?",
    "There are {a} seats and {b} are taken. How many are free?",
    "A rope is {a} m long. I cut off {b} m. How long is it now?",
    "I owe {a} dollars and pay back {b}. How much do I still owe?",
    "I have {a} dollars and buy a bag for {b}. How much do I have left?",
    "I need {a} dollars and have {b}. How much is missing?",
    "My trip is {a} km long. I drove {b} km. How far is it still?",
    "Of {a} {items}, {b} are broken. How many are good?", "Of {a} children, {b} are girls. How many are boys?",
    "We had {a} {items} and sold {b}. How many {items} do we have now?",
    "We had {a} {items} and lost {b} of them. How many remain?",
    "A coat costs {a} dollars and a hat {b}. How much more is the coat?",
    "A coat was {a} dollars. Now it is {b} dollars cheaper. What does it cost?",
    "If {b} of {a} {items} are gone, how many are left?",
    "The shop had {a} {items}. {b} were bought. How many {items} are still there?",
    "It was {a} degrees and got {b} degrees colder. How warm is it now?",
    "Take {b} {items} from {a} {items}. How many are left?", "{a} {items} minus {b} {items} leaves how many?",
)  # fmt: skip

MULTIPLY_SURFACES = (
    "{a} * {b}", "{a} * {b}", "{a}*{b}", "{a}*{b}", "{a} × {b}", "{a}×{b}", "{a} x {b}", "{a} times {b}",
    "{a} times {b}", "{a} multiplied by {b}", "{a} · {b}",
)  # fmt: skip
MULTIPLY_TEMPLATES: tuple[str, ...] = (
    "Multiply {a} by {b}.", "Multiply {a} and {b}.", "Multiply {a} by {b}", "Multiply {a} with {b}.",
    "Please multiply {a} by {b}.", "Can you multiply {a} by {b}?", "Could you multiply {a} and {b} for me?",
    "Multiply the numbers {a} and {b}.", "What is the product of {a} and {b}?", "Find the product of {a} and {b}.",
    "Compute the product of {a} and {b}.", "Calculate the product of {a} and {b}.",
    "Give me the product of {a} and {b}.", "Product of {a} and {b}?", "product: {a}, {b}",
    "What do you get if you multiply {a} by {b}?", "If I multiply {a} and {b}, what do I get?",
    "Multiplying {a} by {b} gives what?", "What is the result of multiplying {a} by {b}?",
    "What is the result when {a} is multiplied by {b}?", "Take {a} times {b}.", "Take {a} and multiply it by {b}.",
    "How much is {b} lots of {a}?", "How much are {a} groups of {b}?", "What are {a} sets of {b}?",
    "What is {a} taken {b} times?", "Add {b} copies of {a}. What is the total?",
    "Let a = {a} and b = {b}. What is a * b?", "a is {a}, b is {b}. What is a times b?",
    "The numbers are {a} and {b}. Multiply them.", "Given {a} and {b}, find their product.",
    "Two numbers are {a} and {b}. What is their product?", "Times table: {a} times {b}", "Multiplication: {a}, {b}",
    "There are {a} boxes with {b} {items} each. How many {items} are there?",
    "{a} bags hold {b} {items} each. How many {items} in all?",
    "{name} buys {a} packs of {b} {items}. How many {items} is that?",
    "Each of {a} children has {b} {items}. How many {items} in total?",
    "One ticket costs {a} dollars. What do {b} tickets cost?",
    "If one of the {items} costs {a} dollars, how much do {b} cost?",
    "{name} saves {a} dollars a week. How much is that in {b} weeks?",
    "There are {a} rows of {b} chairs. How many chairs are there?",
    "A hall has {a} rows with {b} seats each. How many seats?", "{name} runs {a} km a day. How many km in {b} days?",
    "A page has {a} lines. How many lines are on {b} pages?", "{name} eats {a} {items} a day. How many in {b} days?",
    "A rectangle is {a} by {b}. What is its area?", "What is the area of a {a} by {b} room?",
    "A machine makes {a} {items} an hour. How many in {b} hours?",
    "We have {a} tables with {b} {items} on each. How many {items}?",
    "How many {items} are in {a} baskets of {b} {items}?",
    "Get me the product of {a} and {b}.", "I am trying to find {a} times {b}.", "So what is {a} multiplied by {b}?",
    "Can you figure out the product of the numbers {a} and {b}?",
    "I am not sure what the result of {a} times {b} is. Can you help?",
    "Hey, what's the result if I multiply {a} by {b}?", "Help me find {b} times {a}.",
    "Help me figure out the product of {a} and {b}.", "Name {a} times {b}.", "Write down {a} multiplied by {b}.",
    "Could you please tell me the product of the numbers {a} and {b}?", "Let me know the result of {a} times {b}.",
    "Quick, what is the result if I multiply {a} by {b}", "Can you say what {b} times {a} is?",
    "Can somebody tell me the product of {a} and {b}?", "What would {a} times {b} be?",
    "Can you get {a} multiplied by {b} for me?", "How do I get the product of the numbers {a} and {b}? What is it?",
    "The result of {a} times {b}?", "I can't remember the result if I multiply {a} by {b}. What is it?",
    "I forgot {b} times {a}. What is it?", "I need to find the product of {a} and {b}.",
    "Please tell me {a} times {b}.", "Do you know {a} multiplied by {b}?",
    "I would like to know the product of the numbers {a} and {b}.",
    "Could you find the result of {a} times {b} for me?", "Now tell me the result if I multiply {a} by {b}.",
    "We need {b} times {a}.", "Figure out the product of {a} and {b}.", "I have to find {a} times {b}.",
    "My homework asks for {a} multiplied by {b}.", "Try to find the product of the numbers {a} and {b}.",
    "The result of {a} times {b}, please.", "I wonder what the result if I multiply {a} by {b} is.",
    "I'd like {b} times {a}, please.", "Do me a favor and find the product of {a} and {b}.",
    "Just give me {a} times {b}.", "Any idea what {a} multiplied by {b} is?",
    "Somebody asked me what the product of the numbers {a} and {b} is.",
    "My son wants to know the result of {a} times {b}.", "What's the result if I multiply {a} by {b}?",
    "Show me {b} times {a}.", "I'd like to know the product of {a} and {b}.", "Would you please give me {a} times {b}?",
    "{a} multiplied by {b} is what?", "Can you give me the product of the numbers {a} and {b}?",
    "I am looking for the result of {a} times {b}.", "Would you mind telling me the result if I multiply {a} by {b}?",
    "What exactly is {b} times {a}?", "Could I have the product of {a} and {b}?", "Get me {a} multiplied by {b}.",
    "I am trying to find the product of the numbers {a} and {b}.", "So what is the result of {a} times {b}?",
    "Can you figure out the result if I multiply {a} by {b}?", "I am not sure what {b} times {a} is. Can you help?",
    "Hey, what's the product of {a} and {b}?", "Help me find {a} times {b}.",
    "Help me figure out {a} multiplied by {b}.", "Name the product of the numbers {a} and {b}.",
    "Write down the result of {a} times {b}.", "Could you please tell me the result if I multiply {a} by {b}?",
    "Let me know {b} times {a}.", "Quick, what is the product of {a} and {b}", "Can you say what {a} times {b} is?",
    "Can somebody tell me {a} multiplied by {b}?", "What would the product of the numbers {a} and {b} be?",
    "Can you get the result of {a} times {b} for me?", "How do I get the result if I multiply {a} by {b}? What is it?",
    "{b} times {a}?", "I can't remember the product of {a} and {b}. What is it?", "I forgot {a} times {b}. What is it?",
    "I need to find {a} multiplied by {b}.", "Please tell me the product of the numbers {a} and {b}.",
    "Do you know the result of {a} times {b}?", "I would like to know the result if I multiply {a} by {b}.",
    "Could you find {b} times {a} for me?", "Now tell me the product of {a} and {b}.", "We need {a} times {b}.",
    "Figure out {a} multiplied by {b}.", "I have to find the product of the numbers {a} and {b}.",
    "My homework asks for the result of {a} times {b}.", "Try to find the result if I multiply {a} by {b}.",
    "{b} times {a}, please.", "I wonder what the product of {a} and {b} is.", "I'd like {a} times {b}, please.",
    "Do me a favor and find {a} multiplied by {b}.", "Just give me the product of the numbers {a} and {b}.",
    "Any idea what the result of {a} times {b} is?", "Somebody asked me what the result if I multiply {a} by {b} is.",
    "My son wants to know {b} times {a}.", "What's the product of {a} and {b}?", "Show me {a} times {b}.",
    "I'd like to know {a} multiplied by {b}.", "Would you please give me the product of the numbers {a} and {b}?",
    "The result of {a} times {b} is what?", "Can you give me the result if I multiply {a} by {b}?",
    "I am looking for {b} times {a}.", "Would you mind telling me the product of {a} and {b}?",
    "I'd like you to multiply {a} by {b}.", "Your task: multiply {a} and {b}.",
    "I can't multiply {a} times {b}. Can you?", "Could you multiply {b} by {a} for me?",
    "We have to multiply {a} and {b} together. Can you do it?", "Help me find the product of {a} and {b}.",
    "My task is to take {a} times {b}. What do I get?", "Go ahead and multiply the number {a} by {b}.",
    "Please do {a} times {b}.", "Just multiply {a} with {b}.", "How would you work out {a} times {b}?",
    "You should multiply {a} by {b}.", "Now multiply {a} and {b}.", "Can you multiply {a} times {b}?",
    "Could you please multiply {b} by {a}?", "Try to multiply {a} and {b} together.",
    "Are you able to find the product of {a} and {b}?", "Your job is to take {a} times {b}.",
    "My homework says: multiply the number {a} by {b}.", "Would you do {a} times {b}?",
    "I need you to multiply {a} with {b}.", "Can you quickly work out {a} times {b}?",
    "I have to multiply {a} by {b}. What is it?", "I want you to multiply {a} and {b}.", "Multiply {a} times {b}.",
    "First job today: multiply {b} by {a}.", "Please help me multiply {a} and {b} together.",
    "Would you mind helping me find the product of {a} and {b}?", "Take {a} times {b}, please.",
    "Let's multiply the number {a} by {b}.", "I'd like you to multiply {a} with {b}.",
    "Your task: work out {a} times {b}.", "I can't multiply {a} by {b}. Can you?",
    "We have to multiply {a} times {b}. Can you do it?", "Help me multiply {b} by {a}.",
    "My task is to multiply {a} and {b} together. What do I get?", "Go ahead and find the product of {a} and {b}.",
    "Please take {a} times {b}.", "Just multiply the number {a} by {b}.", "How would you do {a} times {b}?",
    "You should multiply {a} with {b}.", "Now work out {a} times {b}.", "Could you please multiply {a} and {b}?",
    "Try to multiply {a} times {b}.", "Are you able to multiply {b} by {a}?",
    "Your job is to multiply {a} and {b} together.", "My homework says: find the product of {a} and {b}.",
    "Would you take {a} times {b}?", "I need you to multiply the number {a} by {b}.",
    "Can you quickly do {a} times {b}?", "I have to multiply {a} with {b}. What is it?",
    "I want you to work out {a} times {b}.", "First job today: multiply {a} and {b}.",
    "Please help me multiply {a} times {b}.", "Would you mind helping me multiply {b} by {a}?",
    "Multiply {a} and {b} together, please.", "Let's find the product of {a} and {b}.",
    "I'd like you to multiply the number {a} by {b}.", "Your task: do {a} times {b}.",
    "I can't multiply {a} with {b}. Can you?", "Could you work out {a} times {b} for me?",
    "We have to multiply {a} by {b}. Can you do it?", "Help me multiply {a} and {b}.",
    "My task is to multiply {a} times {b}. What do I get?", "Go ahead and multiply {b} by {a}.",
    "Please multiply {a} and {b} together.", "Just find the product of {a} and {b}.",
    "How would you take {a} times {b}?", "You should multiply the number {a} by {b}.", "Now do {a} times {b}.",
    "Can you multiply {a} with {b}?", "Could you please work out {a} times {b}?", "Try to multiply {a} by {b}.",
    "Are you able to multiply {a} and {b}?", "Your job is to multiply {a} times {b}.",
    "My homework says: multiply {b} by {a}.", "Would you multiply {a} and {b} together?",
    "I need you to find the product of {a} and {b}.", "Can you quickly take {a} times {b}?",
    "I have to multiply the number {a} by {b}. What is it?", "I want you to do {a} times {b}.",
    "First job today: work out {a} times {b}.", "Please help me multiply {a} by {b}.",
    "Would you mind helping me multiply {a} and {b}?", "I am not sure how much {a} times {b} is. Can you help?",
    "Figure out what {a} times {b} makes.", "Can you figure out what {a} multiplied by {b} is?",
    "Find out how much {b} times {a} makes.", "Any idea what I get if I multiply {a} and {b}?",
    "Please check how many {a} groups of {b} make.", "Please tell me how many {items} {a} bags of {b} {items} hold.",
    "My friend asks how many {items} there are in {a} boxes of {b}.",
    "I'd like to know how much {b} tickets cost at {a} dollars each.", "I need to know how much {a} times {b} is.",
    "Just say what {a} times {b} makes.", "Do you know what {a} multiplied by {b} is?",
    "Could you tell me how much {b} times {a} makes?", "I wonder what I get if I multiply {a} and {b}.",
    "I want to know how many {a} groups of {b} make.",
    "Someone asked me how many {items} {a} bags of {b} {items} hold.",
    "Help me find out how many {items} there are in {a} boxes of {b}.",
    "Now tell me how much {b} tickets cost at {a} dollars each.", "Can you say how much {a} times {b} is?",
    "Let me know what {a} times {b} makes.", "Show me what {a} multiplied by {b} is.",
    "Would you mind telling me how much {b} times {a} makes?",
    "I have to find out what I get if I multiply {a} and {b}.", "Can you check how many {a} groups of {b} make for me?",
    "Work out how many {items} {a} bags of {b} {items} hold.",
    "I forgot how many {items} there are in {a} boxes of {b}. Please tell me.", "multiply {a} {b}",
    "product of {a}, {b}", "times: {a} and {b}", "{a} times {b}, please", "{a} times {b} makes what?",
    "{b} times {a} is what number?", "{a} groups of {b} make what?", "{a} sets of {b}: how many?",
    "{a} by {b}, multiplied", "{a} boxes of {b}: total?", "{a} multiplied with {b} gives what?",
    "If you take {a} times {b}, what is it?", "If {a} is multiplied by {b}, what is the result?",
    "If I have {a} groups of {b}, how many do I have?", "When {a} and {b} are multiplied, what do you get?",
    "Start with {a} and multiply by {b}.", "Begin with {a} and multiply it by {b}. What do you get?",
    "Make {a} groups of {b}. How many is that in all?", "How many is {a} groups of {b}?",
    "How much are {b} copies of {a}?", "What do {b} groups of {a} make?", "What is {a} added up {b} times?",
    "Add {a} to itself until you have it {b} times. What is the total?",
    "My numbers are {a} and {b}. What is the product?", "The first number is {a}, the second is {b}. Multiply them.",
    "The numbers {a} and {b} are multiplied. What is the result?", "x is {a} and y is {b}. What is x times y?",
    "Let x = {a} and y = {b}. Find x * y.", "There are {b} {items} in each of {a} boxes. How many {items} is that?",
    "There are {a} shelves with {b} books on each. How many books are there?",
    "There are {a} bags. Each bag holds {b} {items}. How many {items} are there in total?",
    "There are {b} children, and each child gets {a} {items}. How many {items} is that in all?",
    "{a} boxes with {b} {items} in each: how many {items}?", "{a} tables with {b} people each: how many people?",
    "{a} children bring {b} {items} each. How many {items} do they bring?",
    "{a} friends pay {b} dollars each. How much do they pay together?",
    "{a} people get {b} {items} each. How many {items} do we need?",
    "{a} trains carry {b} people each. How many people is that?", "{a} buses with {b} seats each have how many seats?",
    "{name} buys {a} {items} for {b} dollars each. How much does {name} pay?",
    "{name} buys {b} {items} at {a} dollars each. What do they cost together?",
    "{name} fills {a} bags with {b} {items} each. How many {items} is that in total?",
    "{name} packs {b} {items} into each of {a} boxes. How many {items} does {name} pack?",
    "{name} reads {a} pages a day. How many pages in {b} days?",
    "{name} reads {b} pages each day for {a} days. How many pages is that?",
    "{name} works {a} hours a week. How many hours are that in {b} weeks?",
    "{name} earns {a} dollars an hour. How much in {b} hours?",
    "{name} earns {b} dollars a day and works {a} days. How much money is that?",
    "{name} drives {a} km every day. How far is that in {b} days?",
    "{name} drives {a} km an hour for {b} hours. How far does {name} go?",
    "{name} walks {b} steps a minute for {a} minutes. How many steps is that?",
    "{name} has {a} {items}. {other} has {b} times as many. How many does {other} have?",
    "{name} has {a} dollars and {other} has {b} times as much. How much does {other} have?",
    "{name} plants {a} rows of {b} flowers. How many flowers is that?",
    "{name} makes {a} {items} a day. How many {items} in {b} days?",
    "{name} has {a} packs with {b} cards in each. How many cards?",
    "{name} swims {b} laps a day. How many laps in {a} days?",
    "{name} and {other} each work {a} days. One day has {b} tasks. How many tasks does each of them do?",
    "One box has {b} {items}. How many {items} are in {a} boxes?", "One bag weighs {b} kg. How much do {a} bags weigh?",
    "One shirt costs {b} dollars. How much do {a} shirts cost?",
    "One page has {b} words. How many words are on {a} pages?", "One week costs {a} dollars. What do {b} weeks cost?",
    "One trip is {b} km. How many km are {a} trips?", "One row has {a} seats. How many seats are in {b} rows?",
    "Each box holds {a} {items}. How many {items} are in {b} boxes?",
    "Each ticket costs {b} dollars. How much are {a} tickets?",
    "Each row has {b} chairs. How many chairs are in {a} rows?",
    "Each team has {b} players. How many players are in {a} teams?",
    "Each of {b} friends has {a} {items}. How many {items} do they have together?",
    "Every box has {b} {items}. I have {a} boxes. How many {items} do I have?",
    "Every day I read {a} pages. How many pages do I read in {b} days?",
    "Every week {name} saves {b} dollars. How much is saved in {a} weeks?",
    "I buy {a} {items} at {b} dollars each. How much do I pay?",
    "I have {a} packs of {b} cards. How many cards do I have?",
    "I have {b} bags with {a} {items} in each. How many {items} do I have in total?",
    "I pay {a} dollars a week. How much do I pay in {b} weeks?", "I walk {a} km a day. How far do I walk in {b} days?",
    "We buy {b} tickets at {a} dollars each. How much do we pay?",
    "We need {b} {items} for each of {a} tables. How many {items} do we need?",
    "If {a} boxes hold {b} {items} each, how many {items} are there in all?",
    "If a ticket costs {a} dollars, what do {b} tickets cost?",
    "If each of {a} people pays {b} dollars, how much is paid in total?",
    "If I read {b} pages a day, how many pages do I read in {a} days?",
    "If {name} gets {b} dollars an hour, how much is it for {a} hours?",
    "At {b} dollars each, what do {a} {items} cost?", "At {a} dollars an hour, how much do I earn in {b} hours?",
    "At {a} km an hour, how far do I go in {b} hours?", "What do {a} {items} cost at {b} dollars each?",
    "What do I pay for {a} {items} if each costs {b} dollars?",
    "How much do I pay for {b} tickets at {a} dollars each?", "How much money are {a} tickets at {b} dollars each?",
    "How many {items} do I get in {a} packs of {b}?", "How many {items} are there if {a} people have {b} each?",
    "How many seats are there in {a} rows of {b}?", "How many people fit in {a} buses with {b} seats each?",
    "How many pages are {b} books with {a} pages each?", "How many hours are {a} weeks of {b} hours?",
    "A train goes {a} km an hour. How far does it go in {b} hours?",
    "A car goes {b} km an hour for {a} hours. How far is that?",
    "A book has {b} pages. How many pages do {a} of these books have?",
    "A garden has {a} rows of {b} trees. How many trees is that?",
    "A garden is {a} m long and {b} m wide. What is its area?", "A room is {a} m by {b} m. How big is its area?",
    "A wall has {a} rows of {b} bricks. How many bricks are in the wall?",
    "A baker makes {b} {items} each day. How many in {a} days?",
    "A school has {a} classes with {b} children each. How many children is that?",
    "A shop sells {a} {items} a day. How many does it sell in {b} days?",
    "A shop gets {a} boxes of {b} {items}. How many {items} does it get?",
    "A house has {a} floors with {b} rooms on each. How many rooms are there?", "Find the area of a {a} by {b} garden.",
    "Area of a room that is {a} m by {b} m?", "Area of a rectangle with sides {a} and {b}?",
    "The sides of a rectangle are {a} and {b}. What is the area?",
    "The rent is {a} dollars a week. How much is it for {b} weeks?", "The price is {b} dollars each. What do {a} cost?",
)  # fmt: skip


LONGEST_WORKING = 220
"""In characters, nearly all of which are a token each."""


def _number(rng: random.Random, digits: int) -> int:
    """A number of that many digits; among single digits zero is allowed but rare."""
    if digits == 1:
        return rng.randint(1, 9) if rng.random() < 0.96 else 0
    return rng.randint(10 ** (digits - 1), 10**digits - 1)


def _operands(rng: random.Random, weights: tuple[int, ...] = (18, 36, 26, 14, 6)) -> tuple[int, int]:
    """Two numbers: one of the drawn length, the other mostly as long, else shorter."""
    longest = rng.choices(range(1, len(weights) + 1), weights)[0]
    other = longest if rng.random() < 0.6 else rng.randint(1, longest)
    pair = [_number(rng, longest), _number(rng, other)]
    rng.shuffle(pair)
    return pair[0], pair[1]


def _written(rng: random.Random, *numbers: int) -> list[str]:
    """The numbers as a person may write them: now and then with thousands separators or, when small, in words."""
    roll = rng.random()
    if roll < 0.05:
        return [f"{x:,}" for x in numbers]
    if roll < 0.09 and max(numbers) < len(NUMBER_WORDS):
        return [NUMBER_WORDS[x] for x in numbers]
    return [str(x) for x in numbers]


def _fill(
    wording: Wording, templates: tuple[str, ...], surfaces: tuple[str, ...], own: float, a: int, b: int
) -> tuple[str, bool]:
    """A question about a and b: with probability `own` in the task's own words, else a frame around an expression.

    Also tells whether the question names b first, so that a working may restate the numbers in the order they are read.
    """
    rng = wording.rng
    if rng.random() < own:
        template = wording.pick(templates)
    else:
        template = wording.pick(FRAMES).replace("{e}", rng.choice(surfaces))
    name, other = rng.sample(lexicon.FIRST_NAMES, 2)
    first, second = _written(rng, a, b)
    text = template.format(a=first, b=second, items=rng.choice(lexicon.GOODS)[1], name=name, other=other)
    return dress(wording, text), template.find("{b}") < template.find("{a}")


def add_example(rng: random.Random, wording: Wording) -> Example:
    a, b = _operands(rng)
    text, swapped = _fill(wording, ADD_TEMPLATES, ADD_SURFACES, 0.5, a, b)
    lines = workings.add(b, a) if swapped else workings.add(a, b)
    low, high = sorted((a, b))
    return worked(text, lines, str(a + b), f"{low}+{high}")


def subtract_example(rng: random.Random, wording: Wording) -> Example:
    a, b = _operands(rng)
    if a < b and rng.random() < 0.55:
        a, b = b, a
    templates = SUBTRACT_TEMPLATES if a < b else SUBTRACT_TEMPLATES + SUBTRACT_STORIES
    text, _ = _fill(wording, templates, SUBTRACT_SURFACES, 0.55, a, b)
    return worked(text, workings.subtract(a, b), str(a - b), f"{a}-{b}")


def multiply_example(rng: random.Random, wording: Wording) -> Example:
    long, short = rng.choices(((1, 1), (2, 1), (3, 1), (2, 2), (3, 2), (4, 1)), (14, 24, 14, 38, 6, 4))[0]
    a, b = _number(rng, long), _number(rng, short)
    if long != short and rng.random() < 0.3:
        a, b = b, a
    text, swapped = _fill(wording, MULTIPLY_TEMPLATES, MULTIPLY_SURFACES, 0.45, a, b)
    lines = workings.multiply(b, a) if swapped else workings.multiply(a, b)
    low, high = sorted((a, b))
    return worked(text, lines, str(a * b), f"{low}*{high}")


EXPRESSION_TEMPLATES: tuple[str, ...] = (
    "Evaluate the expression {e}.", "What is the value of the expression {e}?", "Solve this expression: {e}",
    "Simplify: {e}", "Work out {e} step by step.", "Calculate {e} step by step.", "Mind the order of operations: {e}",
    "Using the order of operations, what is {e}?", "Compute this: {e}", "Calculate this for me: {e}",
    "What's the total of {e}?", "Find the value: {e}", "The expression is {e}. What is its value?",
    "Please evaluate {e}.", "Can you evaluate {e}?",
    "Help me find the value of {e}.", "Do you know the result of the expression {e}?",
    "Can you give me the total of {e}?", "Somebody asked me what the value of the expression {e} is.",
    "The value of {e} is what?", "Can you say what the result of the expression {e} is?",
    "Please tell me the total of {e}.", "What exactly is the value of the expression {e}?",
    "Hey, what's the value of {e}?", "Figure out the result of the expression {e}.",
    "Help me figure out the total of {e}.", "I am trying to find the value of the expression {e}.",
    "Let me know the value of {e}.", "Get me the result of the expression {e}.", "Quick, what is the total of {e}",
    "Could you find the value of the expression {e} for me?", "So what is the value of {e}?",
    "I can't remember the result of the expression {e}. What is it?", "Name the total of {e}.",
    "The value of the expression {e}?", "We need the value of {e}.", "Show me the result of the expression {e}.",
    "I need to find the total of {e}.", "I'd like the value of the expression {e}, please.",
    "Now tell me the value of {e}.", "I forgot the result of the expression {e}. What is it?",
    "I would like to know the total of {e}.", "What would the value of the expression {e} be?",
    "What's the value of {e}?", "The result of the expression {e}, please.", "Step by step: {e}",
    "Solve {e} step by step.", "Evaluate this expression: {e}", "Evaluate: {e}", "Evaluate this: {e}",
    "What is this expression worth: {e}", "How much is the expression {e}?", "The expression {e} equals what?",
    "Please calculate the expression {e}.", "Please work out this expression: {e}",
    "Can you work out the expression {e}?", "Can you solve this for me: {e}", "Could you calculate this: {e}",
    "Remember the order of operations: {e}", "Use the order of operations on {e}.", "In the right order, what is {e}?",
    "Go step by step: what is {e}?", "Go through this step by step: {e}", "What do you get for the expression {e}?",
    "Simplify the expression {e}.", "Reduce this to one number: {e}", "Write this as one number: {e}",
    "Give the value: {e}", "A long one: {e}", "This is a long sum: {e}", "What is the final result of {e}?",
    "Give me the final value of {e}.", "Find the final value: {e}",
)  # fmt: skip
SUM_TEMPLATES: tuple[str, ...] = (
    "Add {l}.", "Add up {l}.", "Add the numbers {l}.", "What is the sum of {l}?", "Find the sum of {l}.", "Sum up {l}.",
    "Sum of {l}?", "What is the total of {l}?", "Calculate the sum of {l}.", "Add these numbers: {l}",
    "Add all of these: {l}", "Sum these numbers: {l}", "Can you add {l}?", "Please add up these numbers: {l}.",
    "What do {l} add up to?", "How much are {l} together?", "Total these: {l}", "Give me the total of {l}.",
    "I bought things for {l} dollars. How much did I pay in all?", "My scores were {l}. What is my total?",
    "{name} counted {l} {items}. How many is that in total?", "What is the sum of these numbers: {l}?",
    "The numbers are {l}. Add them all.",
    "Hey, what's the sum of {l}?", "Help me find the total of {l}.", "Please tell me the sum of these numbers: {l}.",
    "Get me the total of the numbers {l}.", "Do me a favor and find the sum of {l}.", "Could I have the total of {l}?",
    "I need to find the sum of these numbers: {l}.", "Show me the total of the numbers {l}.", "We need the sum of {l}.",
    "Can somebody tell me the total of {l}?", "Quick, what is the sum of these numbers: {l}",
    "I would like to know the total of the numbers {l}.", "What's the sum of {l}?",
    "Would you please give me the total of {l}?", "My son wants to know the sum of these numbers: {l}.",
    "I have to find the total of the numbers {l}.", "I am trying to find the sum of {l}.",
    "Write down the total of {l}.", "I'd like to know the sum of these numbers: {l}.",
    "I am looking for the total of the numbers {l}.", "Can you figure out the sum of {l}?",
    "Now tell me the total of {l}.", "Do you know the sum of these numbers: {l}?",
    "Just give me the total of the numbers {l}.", "Figure out the sum of {l}.",
    "Could you please tell me the total of {l}?", "My homework asks for the sum of these numbers: {l}.",
    "Let me know the total of the numbers {l}.", "What exactly is the sum of {l}?", "Can you give me the total of {l}?",
    "Name the sum of these numbers: {l}.", "Would you mind telling me the total of the numbers {l}?",
    "Help me figure out the sum of {l}.", "Try to find the total of {l}.", "So what is the sum of these numbers: {l}?",
    "Would you add {l}?", "Go ahead and add up {l}.", "Are you able to sum up {l}?",
    "Would you mind helping me add the numbers {l}?", "Please find the sum of {l}.", "Add {l} together.",
    "Please help me add {l}.", "We have to add up {l}. Can you do it?", "I want you to sum up {l}.",
    "I have to add the numbers {l}. What is it?", "Could you find the sum of {l} for me?", "Let's add {l} together.",
    "Try to add {l}.", "Add up {l}, please.", "Now sum up {l}.", "Help me add the numbers {l}.",
    "Your task: find the sum of {l}.", "I need you to add {l} together.", "I'd like you to add {l}.",
    "Your job is to add up {l}.", "You should sum up {l}.", "Can you add the numbers {l}?",
    "Would you add {l} together?", "Go ahead and add {l}.", "Are you able to add up {l}?",
    "Would you mind helping me sum up {l}?", "Please add the numbers {l}.", "Please help me add {l} together.",
    "We have to add {l}. Can you do it?", "I want you to add up {l}.", "I have to sum up {l}. What is it?",
    "Could you add the numbers {l} for me?", "Let's find the sum of {l}.", "Try to add {l} together.",
    "Add {l}, please.", "Now add up {l}.", "Help me sum up {l}.", "Your task: add the numbers {l}.",
    "I need you to find the sum of {l}.", "{l}: what is the sum?", "{l} - add them up.", "{l}: add these.",
    "{l} in total?", "{l} together?", "sum {l}", "add {l}", "total: {l}", "total of {l}", "Sum: {l}",
    "All together: {l}", "How much do {l} make?", "How much do {l} come to?", "What do {l} make together?",
    "What is the total if I add {l}?", "If I add {l}, what do I get?", "If you add up {l}, what is the sum?",
    "I have the numbers {l}. What is the sum?", "I have these numbers: {l}. Add them up.",
    "Here are some numbers: {l}. Add them.", "Here are my numbers: {l}. What do they add up to?",
    "My numbers are {l}. What is the total?", "These are the numbers: {l}. Find the sum.", "Take {l} and add them all.",
    "Take the numbers {l}. What is the total?", "Given the numbers {l}, find the sum.",
    "Given {l}, what do they make together?", "The bills are {l} dollars. What is the total?",
    "The prices are {l} dollars. How much do I pay in total?", "{name} paid {l} dollars. How much is that altogether?",
    "{name} got {l} points. What is the total score?", "{name} walked {l} km. How far is that in all?",
    "{name} read {l} pages. How many pages is that in total?",
    "We sold {l} {items}. How many {items} did we sell in all?",
    "We counted {l} people. How many people is that together?",
    "The boxes hold {l} {items}. How many {items} are there in total?", "My scores: {l}. What do they make together?",
    "I spent {l} dollars. How much did I spend in all?", "I ran {l} km this week. How many km in total?",
    "Put {l} together. What is the total?",
)  # fmt: skip


def _sum_terms(rng: random.Random) -> str:
    count = rng.choices((3, 4, 5), (62, 33, 5))[0]
    widths = rng.choices(((70, 30, 0), (30, 62, 8), (0, 65, 35)), (30, 50, 20))[0]
    plus_only = rng.random() < 0.45
    total = _number(rng, rng.choices((1, 2, 3), widths)[0])
    if rng.random() < 0.04:
        total = -total
    text = str(total)
    for place in range(1, count):
        x = _number(rng, rng.choices((1, 2, 3), widths)[0])
        minus = not plus_only and rng.random() < 0.5
        may_go_below = rng.random() < (0.25 if place == count - 1 else 0.04)
        if minus and 0 <= total < x and not may_go_below:
            minus = False
        total += -x if minus else x
        text += f"{'-' if minus else '+'}{x}"
    return text


def _with_product(rng: random.Random) -> str:
    def factor_pair() -> str:
        a, b = _number(rng, rng.choices((1, 2), (75, 25))[0]), rng.randint(2, 9)
        return f"{a}*{b}" if rng.random() < 0.7 else f"{b}*{a}"

    product = factor_pair()
    value = _product(product)
    shape = rng.random()
    if shape < 0.4:
        c = _number(rng, rng.choice((1, 1, 2, 2, 3)))
        return f"{product}{_sign_for(rng, value, c)}{c}"
    if shape < 0.75:
        c = _number(rng, rng.choice((1, 2, 2, 3)))
        return f"{c}{_sign_for(rng, c, value)}{product}"
    if shape < 0.9:
        second = factor_pair()
        return f"{product}{_sign_for(rng, value, _product(second))}{second}"
    c, d = _number(rng, 2), _number(rng, 1)
    return f"{c}+{product}{_sign_for(rng, c + value, d)}{d}"


def _product(text: str) -> int:
    a, b = text.split("*")
    return int(a) * int(b)


def _sign_for(rng: random.Random, left: int, right: int) -> Literal["+", "-"]:
    """Mostly a sign that keeps the result at zero or above."""
    return "-" if rng.random() < (0.5 if left >= right else 0.1) else "+"


def _with_brackets(rng: random.Random) -> str:
    a, b = _number(rng, rng.choice((1, 1, 2))), _number(rng, rng.choice((1, 1, 2)))
    minus = rng.random() < 0.4
    if minus and a < b:
        a, b = b, a
    inner, value = (f"({a}-{b})", a - b) if minus else (f"({a}+{b})", a + b)
    shape = rng.random()
    if shape < 0.6:
        c = rng.randint(2, 9)
        return f"{inner}*{c}" if rng.random() < 0.5 else f"{c}*{inner}"
    c = _number(rng, rng.choice((1, 2, 2)))
    if shape < 0.8:
        return f"{c}{_sign_for(rng, c, value)}{inner}"
    return f"{inner}{_sign_for(rng, value, c)}{c}"


_SPELT = (("+", (" plus ",)), ("-", (" minus ",)), ("*", (" times ",)))


def _surface(rng: random.Random, text: str) -> str:
    """The expression as a person may type it: spaced or not, with other signs, or in words."""
    roll = rng.random()
    if roll < 0.3:
        return text
    if roll < 0.42 and "(" not in text:
        for sign, (word,) in _SPELT:
            text = text.replace(sign, word)
        return text.lstrip()
    times, minus = rng.choice(("*", "*", "×", "x")), rng.choice(("-", "-", "-", "−"))
    signs = {"+": " + ", "-": f" {minus} ", "*": f" {times} "}
    return text[0] + "".join(signs.get(x, x) for x in text[1:])


def _listed(numbers: list[str]) -> str:
    return ", ".join(numbers[:-1]) + " and " + numbers[-1]


def expression_example(rng: random.Random, wording: Wording) -> Example:
    while True:
        text = rng.choices((_sum_terms, _with_product, _with_brackets), (60, 25, 15))[0](rng)
        lines, value = workings.expression(text)
        if sum(map(len, lines)) + len(lines) <= LONGEST_WORKING:
            break
    if set(text) <= set("0123456789+") and rng.random() < 0.45:
        numbers = text.split("+")
        listed = rng.choice((_listed(numbers), ", ".join(numbers))) if rng.random() < 0.9 else " ".join(numbers)
        name = rng.choice(lexicon.FIRST_NAMES)
        question = wording.pick(SUM_TEMPLATES).format(l=listed, name=name, items=rng.choice(lexicon.GOODS)[1])
    else:
        templates = EXPRESSION_TEMPLATES if rng.random() < 0.25 else FRAMES
        question = wording.pick(templates).format(e=_surface(rng, text))
    return worked(dress(wording, question), lines, str(value), text)


TASKS: list[Task] = [
    Task("add", add_example, off_share=0.06),
    Task("subtract", subtract_example, off_share=0.06),
    Task("multiply", multiply_example, off_share=0.06),
    Task("expression", expression_example, off_share=0.06),
]
