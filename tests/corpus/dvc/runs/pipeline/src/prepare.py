import re
scale = float(re.search(r'scale: (\S+)', open('params.yaml').read())[1])
lines = open('data/raw.csv').read().split()
open('data/prepared.csv','w').write(lines[0]+'\n'+''.join(f"{float(a)/scale},{float(b)/scale}\n" for a,b in (l.split(',') for l in lines[1:])))
