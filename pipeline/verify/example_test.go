package verify_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"orgship/pipeline/verify"
)

func ExampleRun() {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-App-Version", "2.0")
		w.Header().Set("X-Image-Revision", "3f9c2ab")
		fmt.Fprintln(w, "Hello World! (Green)")
	}))
	defer app.Close()

	result, err := verify.Run(context.Background(), verify.Check{
		URL: app.URL, Body: "(Green)", Revision: "3f9c2ab", Interval: 10 * time.Millisecond,
	})
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	fmt.Printf("%s: %s\n", result.Verdict, result.Reason)
	// Output: successful: 3 right answers in a row by version 2.0, revision 3f9c2ab
}
