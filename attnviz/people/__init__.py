"""Agreement of models with people: whose map is nearest to where observers look?"""
