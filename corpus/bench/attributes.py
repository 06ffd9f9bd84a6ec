class Particle:
    def __init__(self, x, speed):
        self.x = x
        self.speed = speed

    def move(self, time):
        self.x += self.speed * time


particles = [Particle(number, number * 0.5) for number in range(200)]
for step in range(900):
    for particle in particles:
        particle.move(0.01)
