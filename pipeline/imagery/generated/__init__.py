"""Generated scenes: small worlds in the contest's layout, for the demo and the tests.

``dataset.generate_dataset`` is the way in. The chain of one scene is: ``place`` lays out what
stands on the ground, ``season`` says what a date makes of it, ``ground`` turns that into maps,
``light`` and ``sensor`` turn the maps into images, ``labels`` into polygons, and
``contest_files`` is the only file that writes.
"""
