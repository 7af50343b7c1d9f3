"""How lists are written, and how people ask for a value in one."""

GENERIC_ASK = (
    "What is the {h} of {k}?", "Which {h} belongs to {k}?", "What does the list say for {k}?", "Look up {k}.", "Find the {h} of {k}.", "What is listed for {k}?", "Give me the {h} for {k}.", "What {h} does {k} have?",
    "Tell me the {h} of {k}.", "{k}?", "Read the {h} of {k}.", "What is written next to {k}?", "Get the {h} for {k}.", "I need the {h} of {k}.", "Can you find the {h} of {k}?", "What value does {k} have?", "Return the {h} of {k}.",
    "According to the list, what is the {h} of {k}?", "From the list above, give the {h} of {k}.", "Search for {k}. What is the {h}?", "Please look up the {h} of {k}.", "Which {h} is given for {k}?", "Say the {h} of {k}.", "What's {k}'s {h}?",
    "What's the {h} for {k}?", "{k}'s {h}?", "The {h} of {k} please.", "Tell me the {h} for {k}, please.", "Give me {k}'s {h}.", "Please give me the {h} of {k}.", "Can you give me the {h} for {k}?", "Could you tell me {k}'s {h}?",
    "Do you know the {h} of {k}?", "Do you have the {h} for {k}?", "I need {k}'s {h}.", "I want the {h} of {k}.", "I need to know the {h} for {k}.", "I want to know {k}'s {h}.", "I would like to know the {h} of {k}.", "I'd like to have the {h} for {k}.",
    "I forgot {k}'s {h}.", "I can't remember the {h} of {k}.", "I am looking for the {h} for {k}.", "I can't find {k}'s {h}.", "Find the {h} for {k} for me, please.", "Can you find {k}'s {h}?", "Look up the {h} of {k}.", "Please look up the {h} for {k}.",
    "Can you look up {k}'s {h} for me?", "Show me the {h} of {k}.", "Please show the {h} for {k}.", "Read out {k}'s {h}.", "Check the {h} of {k} for me.", "Please check the {h} for {k}.", "Let me know {k}'s {h}.", "Please name the {h} for {k}.",
    "What was {k}'s {h} again?", "Sorry, what is the {h} of {k}?", "Quick question: what is the {h} for {k}?", "Help me find {k}'s {h}.", "May I have the {h} of {k}?", "Write the {h} for {k}.", "And {k}'s {h}?", "So what is the {h} of {k}?",
    "Hi, what is the {h} for {k}?", "Tell me which {h} {k} has.", "Please tell me what {h} {k} has.", "Can you tell me what the {h} of {k} is?", "Could you please tell me which {h} is given for {k}?", "Do you know what is listed for {k}?", "I want to know which {h} {k} has.", "I would like to know what {h} {k} has.",
    "I'd like to know what the {h} of {k} is.", "I need to know which {h} is given for {k}.", "I forgot what is listed for {k}.", "I can't remember which {h} {k} has.", "I don't know what {h} {k} has.", "I don't remember what the {h} of {k} is.", "Can you find out which {h} is given for {k}?", "Find out what is listed for {k}.",
    "Please find out which {h} {k} has.", "Look up what {h} {k} has.", "Please look up what the {h} of {k} is.", "Can you look up which {h} is given for {k}?", "Can you see what is listed for {k}?", "Let me know which {h} {k} has.", "Please let me know what {h} {k} has.", "Say what the {h} of {k} is.",
    "Please say which {h} is given for {k}.", "Can you say what is listed for {k}?", "Show me which {h} {k} has.", "Check what {h} {k} has.", "Check for me what the {h} of {k} is.", "Any idea which {h} is given for {k}?", "I wonder what is listed for {k}.", "I am not sure which {h} {k} has.",
    "Help me find what {h} {k} has.", "Sorry, I forgot what the {h} of {k} is.", "Hi, can you tell me which {h} is given for {k}?", "Would you tell me what is listed for {k}?", "My question is which {h} {k} has.", "{k}: what {h}?", "{k} has which {h}?", "For {k}, which {h} is listed?",
    "What is given for {k}?", "What does it say for {k}?", "What does it say next to {k}?", "What is the entry for {k}?", "Find {k} in the list.", "Look for {k}. Which {h} is it?", "Which {h} is written next to {k}?", "Which {h} goes with {k}?",
    "What {h} goes with {k}?", "Check {k}. What {h} is listed?", "What is the value for {k}?", "What do you see next to {k}?", "From the list, which {h} does {k} have?",
)  # fmt: skip

GENERIC_BACK = (
    "Which {g} has the {h} {v}?", "Which {g} belongs to {v}?", "Find the {g} with the {h} {v}.", "What is the {g} for {v}?", "Who or what has {v}?", "Which {g} is listed with {v}?", "Give me the {g} that has {v}.", "Look up which {g} has {v}.",
    "Tell me the {g} with {v}.", "Which {g} stands next to {v}?", "What {g} has {v}?",
    "What is the {g} with the {h} {v}?", "The {g} for {v}?", "Tell me the {g} that has the {h} {v}, please.", "Please give me the {g} with the {h} {v}.", "Could you tell me the {g} for {v}?", "Do you have the {g} that has the {h} {v}?", "I want the {g} with the {h} {v}.", "I want to know the {g} for {v}.",
    "I'd like to have the {g} that has the {h} {v}.", "I can't remember the {g} with the {h} {v}.", "I can't find the {g} for {v}.", "Find the {g} that has the {h} {v} for me, please.", "Look up the {g} with the {h} {v}.", "Can you look up the {g} for {v} for me?", "Please show the {g} that has the {h} {v}.", "Check the {g} with the {h} {v} for me.",
    "Let me know the {g} for {v}.", "Please name the {g} that has the {h} {v}.", "Sorry, what is the {g} with the {h} {v}?", "Help me find the {g} for {v}.", "Write the {g} that has the {h} {v}.", "So what is the {g} with the {h} {v}?", "Tell me which {g} has the {h} {v}.", "Can you tell me what {g} goes with {v}?",
    "Do you know which {g} has {v}?", "I would like to know which {g} has the {h} {v}.", "I need to know what {g} goes with {v}.", "I can't remember which {g} has {v}.", "I don't remember which {g} has the {h} {v}.", "Find out what {g} goes with {v}.", "Can you look up which {g} has the {h} {v}?", "Let me know what {g} goes with {v}.",
    "Say which {g} has {v}.", "Can you say which {g} has the {h} {v}?", "Check what {g} goes with {v}.", "Any idea which {g} has {v}?", "I am not sure which {g} has the {h} {v}.", "Sorry, I forgot what {g} goes with {v}.", "Would you tell me which {g} has {v}?", "{v} is the {h} of which {g}?",
    "What {g} has the {h} {v}?", "Which {g} goes with {v}?", "What {g} goes with the {h} {v}?", "{v} belongs to which {g}?", "The {h} {v} belongs to which {g}?", "For which {g} is the {h} {v}?", "{h} {v}: which {g}?", "In the list, which {g} has {v}?",
    "From the list, find the {g} with {v}.", "Next to which {g} is {v}?", "Search for {v}. Which {g} is it?", "Which {g} do you see next to {v}?",
)  # fmt: skip

FRAMES = (
    "{d}\n{q}", "{d}\n\n{q}", "{d}\n\n{q}", "{d}\n{q}", "{q}\n{d}", "{q}\n\n{d}", "Read this:\n{d}\n{q}", "Here is a list:\n{d}\n\n{q}", "Use the list to answer.\n{d}\n{q}", "List:\n{d}\nQuestion: {q}", "Given this data:\n{d}\n{q}",
    "Text:\n{d}\n\nQuestion: {q}", "Look at this table:\n{d}\n{q}", "{q} Here is the data:\n{d}", "Data:\n{d}\n\n{q} Answer with the value only.", "{d}\n{q} Answer briefly.", "Question: {q}\nText: {d}", "Document:\n{d}\n\nAnswer this: {q}",
    "I have this list:\n{d}\n{q}", "Answer from the text.\n{d}\n{q}", "This is what I know:\n{d}\nNow tell me: {q}", "Context:\n{d}\n\n{q}", "Based on this, {q}\n{d}",
    "Here are some facts:\n{d}\n{q}", "Here is the data:\n{d}\n\n{q}", "Here is what I have:\n{d}\n{q}", "Here is my list. {q}\n{d}", "This is a list:\n{d}\n{q}", "This is the data:\n{d}\n\nMy question: {q}", "This is my table:\n{d}\n{q}", "Look at this list:\n{d}\n{q}",
    "Look at the text.\n{d}\n{q}", "Look at this and answer.\n{d}\n{q}", "Read the list.\n{d}\n\n{q}", "Read the text and answer.\n{d}\n{q}", "Read this text:\n{d}\nNow answer: {q}", "Read the data below. {q}\n{d}", "Use this data:\n{d}\n{q}", "Use the text below. {q}\n\n{d}",
    "Use the facts.\n{d}\n{q}", "Facts:\n{d}\nQuestion: {q}", "Facts:\n{d}\n\n{q}", "List:\n{d}\n\n{q}", "Table:\n{d}\n{q}", "Notes:\n{d}\n{q}", "My notes:\n{d}\n\n{q}", "My list:\n{d}\n{q}",
    "Data:\n{d}\nQuestion: {q}", "Text: {d}\n{q}", "Text:\n{d}\n{q}", "Info:\n{d}\n{q}", "Information:\n{d}\n\nQuestion: {q}", "Context: {d}\nQuestion: {q}", "Q: {q}\n{d}", "{d}\nQ: {q}",
    "{d}\n\nQuestion: {q}", "{d}\nMy question: {q}", "{d}\nNow tell me: {q}", "{d}\n---\n{q}", "{q}\n---\n{d}", "{q}\n\nList:\n{d}", "{q}\nData:\n{d}", "{q}\n\nText:\n{d}",
    "{q} Use this list:\n{d}", "{q} Look here:\n{d}", "{q} Read this:\n{d}", "Question: {q}\n\nData:\n{d}", "Question: {q}\n{d}", "Please answer: {q}\n{d}", "Answer this: {q}\n\n{d}", "Answer the question from the list.\n{d}\n{q}",
    "Answer with the data below. {q}\n{d}", "I have this data:\n{d}\n\n{q}", "I know this:\n{d}\n{q}", "Hi, here is my list:\n{d}\n{q}", "{d}\n{q} Give only the value.", "{d}\n\n{q} Keep it short.", "{q} Answer briefly.\n{d}",
)  # fmt: skip

PAIR_FORMS = (
    "{k}: {v}", "{k}: {v}", "{k} - {v}", "{k} = {v}", "- {k}: {v}", "{k}, {v}", "{k} -> {v}", "* {k}: {v}", "{k} | {v}", "{k}\t{v}", "{k} ({v})", "{k}={v}", "| {k} | {v} |", "{k}; {v}", "- {k} ({v})", "{k} has {v}",
    "{k} => {v}", "{k} : {v}", "{k}:{v}", "{k},{v}", "{k}: {v};", "{k} / {v}", "{k} -- {v}", "{k} ... {v}",
    "[{k}] {v}", "{k} [{v}]", "+ {k}: {v}", "> {k}: {v}", "- {k} = {v}", "- {k} - {v}", "- {k}, {v}", "* {k} - {v}",
    "* {k} = {v}", "* {k} ({v})", "- {k} -> {v}", "|{k}|{v}|", "{k} is {v}", "{k} with {v}", '"{k}": "{v}"', '{k}: "{v}"',
    "{k} > {v}",
)  # fmt: skip

TABLE_ASK = (
    "What is the {h} of {k}?", "Which {h} does {k} have?", "Give the {h} for {k}.", "Find the {h} of {k}.", "{h} of {k}?", "What is the {h} in the row of {k}?", "Look up the {h} of {k}.", "Tell me the {h} of {k}.", "I need the {h} for {k}.",
    "What {h} is listed for {k}?", "Read the {h} of {k} from the table.", "In the table, what is the {h} of {k}?", "For {k}, what is the {h}?", "What does the table say about the {h} of {k}?", "Get the {h} of {k}.", "Which {h} belongs to {k}?",
    "Can you find the {h} of {k}?", "What value is in the {h} column for {k}?", "Row {k}, column {h}: what is it?", "Show me the {h} of {k}.", "Please give me the {h} of {k}.", "What is {k}'s {h}?",
    "What's the {h} for {k}?", "{k}'s {h}?", "The {h} in the row of {k} please.", "Tell me the {h} of {k} in the table, please.", "Give me the {h} of {k}.", "Please give me the {h} for {k}.", "Can you give me {k}'s {h}?", "Could you tell me the {h} in the row of {k}?",
    "Do you know the {h} of {k} in the table?", "Do you have the {h} of {k}?", "I want {k}'s {h}.", "I need to know the {h} in the row of {k}.", "I want to know the {h} of {k} in the table.", "I would like to know the {h} of {k}.", "I'd like to have the {h} for {k}.", "I forgot {k}'s {h}.",
    "I can't remember the {h} in the row of {k}.", "I am looking for the {h} of {k} in the table.", "I can't find the {h} of {k}.", "Find the {h} for {k}.", "Find {k}'s {h} for me, please.", "Can you find the {h} in the row of {k}?", "Look up the {h} of {k} in the table.", "Please look up the {h} of {k}.",
    "Can you look up the {h} for {k} for me?", "Show me {k}'s {h}.", "Please show the {h} in the row of {k}.", "Read out the {h} of {k} in the table.", "Check the {h} of {k} for me.", "Please check the {h} for {k}.", "Let me know {k}'s {h}.", "Say the {h} in the row of {k}.",
    "Please name the {h} of {k} in the table.", "What was the {h} of {k} again?", "Sorry, what is the {h} for {k}?", "Quick question: what is {k}'s {h}?", "Help me find the {h} in the row of {k}.", "May I have the {h} of {k} in the table?", "Write the {h} of {k}.", "And the {h} for {k}?",
    "So what is {k}'s {h}?", "Hi, what is the {h} in the row of {k}?", "Tell me which {h} {k} has.", "Please tell me what {h} {k} has.", "Can you tell me what the {h} of {k} is?", "Could you please tell me which {h} is listed for {k}?", "Do you know which {h} is in the row of {k}?", "I want to know which {h} {k} has.",
    "I would like to know what {h} {k} has.", "I'd like to know what the {h} of {k} is.", "I need to know which {h} is listed for {k}.", "I forgot which {h} is in the row of {k}.", "I can't remember which {h} {k} has.", "I don't know what {h} {k} has.", "I don't remember what the {h} of {k} is.", "Can you find out which {h} is listed for {k}?",
    "Find out which {h} is in the row of {k}.", "Please find out which {h} {k} has.", "Look up what {h} {k} has.", "Please look up what the {h} of {k} is.", "Can you look up which {h} is listed for {k}?", "Can you see which {h} is in the row of {k}?", "Let me know which {h} {k} has.", "Please let me know what {h} {k} has.",
    "Say what the {h} of {k} is.", "Please say which {h} is listed for {k}.", "Can you say which {h} is in the row of {k}?", "Show me which {h} {k} has.", "Check what {h} {k} has.", "Check for me what the {h} of {k} is.", "Any idea which {h} is listed for {k}?", "I wonder which {h} is in the row of {k}.",
    "I am not sure which {h} {k} has.", "Help me find what {h} {k} has.", "Sorry, I forgot what the {h} of {k} is.", "Hi, can you tell me which {h} is listed for {k}?", "Would you tell me which {h} is in the row of {k}?", "My question is which {h} {k} has.", "{k}: which {h}?", "{k}, {h}?",
    "{k} has which {h}?", "In the row of {k}, what is the {h}?", "Column {h}, row {k}: which value?", "Look at the row of {k}. What is the {h}?", "Look at {k}. Which {h} is given?", "Which {h} goes with {k}?", "Which {h} is in the table for {k}?", "What does the row of {k} say about the {h}?",
    "What does the {h} column say for {k}?", "Which value does {k} have in the {h} column?", "Go to the row of {k} and read the {h}.", "Find the row of {k}. Give the {h}.", "From the table, give the {h} of {k}.", "According to the table, what {h} does {k} have?",
)  # fmt: skip
