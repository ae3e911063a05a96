// Command workload does what containers do, well and badly; and what a pod's sandbox does.
//
// The first argument names what it does, the rest say how. Without any it waits for a signal, as the
// process does that holds a pod's namespaces.
package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

var does map[string]func(args []string)

func init() {
	does = map[string]func(args []string){
		// serve [SECONDS] [FILE]: port 8080; ready after so many seconds, and while the file is there
		"serve": serve,
		// exit CODE [SECONDS]
		"exit": func(args []string) { time.Sleep(seconds(args, 1)); os.Exit(int(number(args, 0))) },
		// sleep SECONDS, whatever it is told meanwhile
		"sleep": func(args []string) {
			signal.Ignore(syscall.SIGTERM)
			time.Sleep(seconds(args, 0))
		},
		// eat MEBIBYTES [deaf]: of memory, and keep them, until it is told to end or, deaf, is killed
		"eat": func(args []string) { eat(int(number(args, 0)), text(args, 1, "") == "deaf") },
		// once FILE COMMAND…: what follows, but only where the file is not there yet; then serve
		"once": once,
	}
}

func main() {
	if len(os.Args) < 2 {
		untilTold()
		return
	}
	if does[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: workload [serve|exit|sleep|eat|once] [argument]...")
		os.Exit(2)
	}
	does[os.Args[1]](os.Args[2:])
}

func untilTold() {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGINT, syscall.SIGTERM)
	<-told
}

func serve(args []string) {
	began, after := time.Now(), seconds(args, 0)
	http.HandleFunc("/ready", func(answer http.ResponseWriter, _ *http.Request) {
		_, err := os.Stat(text(args, 1, "/"))
		if err != nil || time.Since(began) < after {
			answer.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	http.HandleFunc("/live", func(http.ResponseWriter, *http.Request) {})
	go func() {
		fmt.Fprintln(os.Stderr, http.ListenAndServe(":8080", nil))
		os.Exit(1)
	}()
	untilTold()
}

func eat(mebibytes int, deaf bool) {
	if deaf {
		signal.Ignore(syscall.SIGTERM)
	}
	eaten := make([][]byte, 0, mebibytes)
	for range mebibytes {
		bite := make([]byte, 1<<20)
		for page := 0; page < len(bite); page += 4096 {
			bite[page] = 1
		}
		eaten = append(eaten, bite)
	}
	if deaf {
		time.Sleep(time.Hour)
	}
	untilTold()
	runtime.KeepAlive(eaten)
}

func once(args []string) {
	file, err := os.OpenFile(args[0], os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		file.Close()
		does[args[1]](args[2:])
	}
	serve(nil)
}

func text(args []string, index int, otherwise string) string {
	if index < len(args) {
		return args[index]
	}
	return otherwise
}

func number(args []string, index int) float64 {
	value, err := strconv.ParseFloat(text(args, index, "0"), 64)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return value
}

func seconds(args []string, index int) time.Duration {
	return time.Duration(number(args, index) * float64(time.Second))
}
