"""Maps of models beside people: whose map is nearest to where people look?"""
