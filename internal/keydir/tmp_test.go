package keydir
import ("testing";"time";"sync";"fmt";"sort")
func TestTmp(t *testing.T){
 keys:=sessionKeys(million); d:=New(epoch); fill(t,d,keys,0); d.Fold()
 m:=make(map[string]Entry); for i,k:=range keys {m[k]=Entry{Offset:int64(i)}}
 var mu sync.RWMutex
 res:=map[string][]float64{}
 i:=0
 run:=func(name string,f func(k string)){ b:=time.Now(); for n:=0;n<5000;n++{ f(pick(keys,i)); i++}; res[name]=append(res[name],float64(time.Since(b).Nanoseconds())/5000)}
 for r:=0;r<200;r++{
  run("find",func(k string){find(d,k)})
  run("map",func(k string){mu.RLock();_=m[k];mu.RUnlock()})
  run("hash",func(k string){d.Hash(k)})
  run("put",func(k string){d.Put(d.Hash(k),k,Entry{Segment:3})})
  run("slot",func(k string){h:=d.Hash(k); s:=d.Stripe(h); s.RLock(); s.find(uint32(h)^0x80000000,k); s.RUnlock()})
 }
 for n,v:=range res{sort.Float64s(v); fmt.Println(n,"min",v[0],"p10",v[20],"median",v[100])}
}
