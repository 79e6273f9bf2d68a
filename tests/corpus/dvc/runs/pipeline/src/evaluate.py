import json, os
w = json.load(open('model.json'))['w']
os.makedirs('reports', exist_ok=True)
rows = [tuple(map(float, l.split(','))) for l in open('data/prepared.csv').read().split()[1:]]
json.dump({'mae': sum(abs(w*x-y) for x,y in rows)/len(rows), 'rows': len(rows)}, open('reports/evaluation.json','w'))
