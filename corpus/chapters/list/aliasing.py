# The same list under several names, and lists that contain themselves.
inner = [1, 2]
outer = [inner, inner]
inner.append(3)
grid = [[0] * 3] * 2
grid[0][1] = 9
separate = [[0] * 3 for _ in range(2)]
separate[0][1] = 9
loop = [1]
loop.append(loop)
print(outer, grid, separate, loop, loop[1] is loop)
left = [1, 2]
same = left
left += [3]
left = left + [4]
print(same, left)
