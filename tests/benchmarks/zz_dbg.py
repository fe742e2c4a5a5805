import collections, time, sys, threading
import crm_desktop.services.queue as q
C=collections.Counter(); T=collections.Counter()
for n in ("rows","page","counts"):
    f=getattr(q,n)
    def w(*a,_f=f,_n=n,**k):
        t=time.thread_time(); t0=time.monotonic()
        try: return _f(*a,**k)
        finally: C[_n]+=1; T[_n]+=time.thread_time()-t; T[_n+"_wall"]+=time.monotonic()-t0
    setattr(q,n,w)
import crm_desktop.store.feed as fd
oe=fd.Batcher.flush
import tests.benchmarks.crowd_desks as d
os_=d.Shown.show_rows
def sr(self,*a,**k):
    t=time.thread_time(); os_(self,*a,**k); C["show"]+=1; T["show"]+=time.thread_time()-t
d.Shown.show_rows=sr
import atexit,os
t0=time.monotonic()
say=d._say
def s2(x):
    if x is True:
        C.clear(); T.clear(); global t0, p0; t0=time.monotonic(); p0=time.process_time()
    else:
        el=time.monotonic()-t0
        sys.stderr.write(f"{el:.1f}s cpu {time.process_time()-p0:.1f} {dict(C)} {({k:round(v,2) for k,v in T.items()})}\n")
    say(x)
d._say=s2
sys.exit(d.main())
